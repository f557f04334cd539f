package main

import (
	"fmt"

	"virgo/cmd/internal/term"
	"virgo/schedule/alarm"
)

const alarmHelp = `A check in checks.d may have alarms. Runs judge them when the check has run, with no endpoint:

- id: root
  type: agent.filesystem
  details: {target: /}
  alarms:
    full:
      warning: percent(last("used"), last("used") + last("avail")) > 90
      critical: percent(last("used"), last("used") + last("avail")) > 97
      for: 10m
      message: 'disk / {value} % full, {last.avail|kilobytes} free'

When its state changes, a run prints one line on standard error, and tells alarm.command and alarm.webhook of
virgo.yaml (virgo help settings). virgo alarm shows how all stand, virgo schedule check names mistakes.

  warning, critical  conditions; or cases: [{if: CONDITION, state: CRITICAL, message: TEXT}, ...], the first that is
                     true decides
  for, clear_for     how long it must (not) be true: a time (10m), or a number of results (3p); default 1p
  clear              a condition that must be true besides before it ends
  message            {value} {threshold} {label} {dimension} {check} {state} {status} {last.METRIC}; with
                     |time, |bytes or |kilobytes behind the name
  each               dimension (a state for each, the default) or check
  disabled           true

Alarms with criteria, the language of an older service, are read as well. In conditions:

`

func printAlarmHelp(a *app) error {
	if _, err := fmt.Fprint(a.Out, alarmHelp); err != nil {
		return err
	}
	var t term.Table
	for _, f := range alarm.Functions() {
		if f.Usage == "age()" { // of use at an endpoint only
			continue
		}
		t.Cells(term.Cell{Text: f.Usage, Color: term.Head}, term.Cell{Text: f.Summary})
	}
	t.Cells(term.Cell{Text: "available, status", Color: term.Head}, term.Cell{Text: "whether the check succeeded, and its status"})
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.Out, "\nand < <= > >= == != and or not + - * / in contains startsWith endsWith matches (RE2). A condition that needs a "+
		"value\nwhich is missing is neither true nor false: has(\"metric\") and ... asks first. A time is at most "+
		"1h.")
	return err
}
