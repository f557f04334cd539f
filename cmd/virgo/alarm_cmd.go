package main

import (
	"fmt"
	"time"

	"virgo/cmd/internal/localalarm"
	"virgo/cmd/internal/term"
	"virgo/schedule/alarm"
	"virgo/spool"
)

type alarmCmd struct{}

// Help returns the text below the summary in the help.
func (alarmCmd) Help() string {
	return "Shows how the alarms of this host's own checks (alarms in checks.d) stand, the worst first. They are judged by runs, " +
		"without an endpoint; a change is a line on standard error, and is told by alarm.command and alarm.webhook of virgo.yaml. " +
		"Alarms that an endpoint judges are there: virgo-endpoint alarm list."
}

type alarmDocument struct {
	CheckID   string   `json:"check_id"`
	Alarm     string   `json:"alarm"`
	Dimension string   `json:"dimension,omitempty"`
	State     string   `json:"state"`
	SinceMS   int64    `json:"since_ms,omitempty"`
	Text      string   `json:"text"`
	Value     *float64 `json:"value,omitempty"`
	Threshold *float64 `json:"threshold,omitempty"`
	Flapping  bool     `json:"flapping,omitempty"`
	JudgedMS  int64    `json:"judged_ms"`
}

func (c *alarmCmd) Run(a *app) error {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return err
	}
	var list []localalarm.Standing
	err = ag.Spool.View(a.Context, func(tx *spool.Tx) (err error) {
		list, err = localalarm.List(tx)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case a.JSON:
		docs := []alarmDocument{}
		for _, s := range list {
			d := alarmDocument{
				CheckID: s.CheckID, Alarm: s.Alarm, Dimension: s.Dimension, State: s.State.String(), Text: s.Text, Value: s.Value,
				Threshold: s.Threshold, Flapping: s.Flapping, JudgedMS: s.Judged.UnixMilli(),
			}
			if !s.Since.IsZero() {
				d.SinceMS = s.Since.UnixMilli()
			}
			docs = append(docs, d)
		}
		return a.printJSON(struct {
			document
			Alarms []alarmDocument `json:"alarms"`
		}{document{schemaVersion}, docs})
	case len(list) == 0:
		_, err := fmt.Fprintln(a.Out, "no alarm was judged: no check of checks.d has alarms, or it has not run yet")
		return err
	}
	return c.table(a, list)
}

func (c *alarmCmd) table(a *app, list []localalarm.Standing) error {
	var t term.Table
	t.Head("STATE", "CHECK", "ALARM", "DIMENSION", "SINCE", "TEXT")
	now := a.Now()
	for _, s := range list {
		color := term.Good
		if s.State != alarm.OK {
			color = term.Bad
		}
		state := s.State.String()
		if s.Flapping {
			state += " (flapping)"
		}
		t.Cells(term.Cell{Text: state, Color: color}, term.Cell{Text: s.CheckID}, term.Cell{Text: s.Alarm}, term.Cell{Text: s.Dimension},
			term.Cell{Text: since(now, s.Since)}, term.Cell{Text: s.Text})
	}
	return t.Write(a.Out, a.Color())
}

func since(now, at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return ago(now, at.UnixMilli())
}
