package main

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/collect/script"
	"virgo/schedule/capability"
)

// printLuaHelp introduces checks in Lua, with an example whose tests pass, and lists what they can call.
func printLuaHelp(a *app) error {
	var kinds []string
	for _, k := range capability.Kinds() {
		kinds = append(kinds, string(k))
	}
	fmt.Fprintf(a.Out, `A check can be a script in Lua 5.1: a file NAME.lua, whose checks are of the type script.NAME. It reports
metrics and a status like every check. It runs in a process with limits, as the unprivileged user virgo
where there is one, and reaches only what it declares. This host's own scripts are in
%s; those of a bundle come signed (virgo bundle --help).

virgo script new NAME    a script that works, and its tests, to start from
virgo script run FILE    what it reports, and what it used
virgo script test        its tests
virgo script check FILE  mistakes, found without running it
virgo script doc file    the functions of a module

An example:

%s
check { … } has

  summary  one line: what it measures
  details  what a schedule can set, by name: kind, doc, and if needed required, default, min, max, choices, role.
%s
  needs    patterns of what it may use: %s.
           * is part of a name, ** also several folders, ${name} the value of a detail
  systems  where it runs: linux, darwin, freebsd, windows; default: everywhere
  metrics  names of the metrics that people want to see first
  targets  a function that lists what it could measure, for virgo targets
  run      run(details, now, saved): details as values of their kinds, the time in seconds since 1970, and the
           table that the last run saved

Functions return nil and a message where the world outside fails: local text, why = file.read(path).
For a wrong call they raise an error. What is not declared, or what virgo.yaml does not grant, ends
the script, and its result says what was refused.

%s
Its tests, NAME_test.lua. What a test does not capture fails it; a text that begins with testdata/ is
the name of a file there, false means that there is no such file, program or server.

%s
t:run{…} takes details, now, saved, and what there is:
  files     by path: a text, or {text=, size=, mtime=, mode=, owner=, type=, link=, space=}
  tree      a file of testdata with many files, each after a line "-- /path --"
  programs  by command: the output, or {out=, err=, code=}
  http      by URL, or "POST URL": the body, or {status=, headers=, body=}
  net       by "tcp HOST:PORT", "udp HOST:PORT" or "unix PATH": the answer, or {{sent, answer}, …}; of TLS
            {certificate=, talk=}
  dns       by "NAME TYPE": a list of records
  figures   by type of check: a list of metrics, or a file of testdata with one in JSON
  system    os, arch, name, boot_time
Then: t:metric(name, value, dimension, unit), t:no_metric(name, dimension), t:metrics(number), t:status(text),
t:unavailable(text), t:failed(text), t:saved{…}, t:equal(a, b).

Functions:
`, a.Paths().Scripts, indent(fileScript), kindsOfDetails(), strings.Join(kinds, ", "),
		luaLimits(), indent(fileScriptTest))
	for _, m := range scriptModules() {
		fmt.Fprintln(a.Out)
		if err := writeModule(a.Out, m); err != nil {
			return err
		}
	}
	return nil
}

// kindsOfDetails returns the kinds, in lines below "details".
func kindsOfDetails() string {
	const column = "           "
	lines := term.Wrap("The kinds are "+strings.Join(script.DetailKinds(), ", ")+".", docWidth-len(column))
	return column + strings.Join(lines, "\n"+column)
}

// luaLimits says what a script may use.
func luaLimits() string {
	l := script.DefaultLimits()
	return fmt.Sprintf(`Limits of a check: %s instructions, %s of computing, %s in all, %d MiB of memory, %d connections,
%d programs, %d MiB of each text, %d KiB of what it saves. A script that breaks one has a result that
says so, and the others go on.
`, grouped(l.Instructions), l.Compute, l.Time, l.MemoryBytes>>20, l.Connections, l.Programs, l.StringBytes>>20, l.SavedBytes>>10)
}

// indent puts a text two columns in.
func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(strings.ReplaceAll(text, "NAME", "lines"), "\n"), "\n", "\n  ") + "\n"
}
