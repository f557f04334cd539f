package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/releases"
	"virgo/schedule"
)

type scheduleCmd struct {
	Check  scheduleCheckCmd  `cmd:"" help:"List all mistakes in schedules."`
	Put    schedulePutCmd    `cmd:"" help:"Store a schedule, if it has no mistake."`
	Delete scheduleDeleteCmd `cmd:"" help:"Delete an agent's own schedule: it has the default then."`
}

type scheduleCheckCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Schedules; without any, those of the folder."`
}

func (scheduleCheckCmd) Help() string {
	return "Lists the mistakes with file, line and column, and exits with 2 if there are any. " +
		"A server need not run, and goes on with the other checks of a file. Of checks in Lua it knows those of published bundles (--dir)."
}

type mistakesDocument struct {
	document
	Files    int             `json:"files"`
	Mistakes []mistakeRecord `json:"mistakes"`
}

type mistakeRecord struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	CheckID string `json:"check_id,omitempty"`
	Text    string `json:"text"`
	Hint    string `json:"hint,omitempty"`
}

func (c *scheduleCheckCmd) Run(a *app) error {
	files := c.Files
	if len(files) == 0 {
		dir, err := a.folder()
		if err != nil {
			return err
		}
		if files, err = filepath.Glob(filepath.Join(dir.SchedulesDir(), "*.y*ml")); err != nil {
			return err
		}
		if len(files) == 0 {
			return &failure{exitUsage, fmt.Errorf("there is no schedule in %q", dir.SchedulesDir()), ""}
		}
	}
	var known map[string]schedule.Definition
	if a.Dir != "" {
		known = releases.Open(folder.Dir(a.Dir).UpgradesDir(), slog.New(slog.DiscardHandler), a.now).Types()
	}
	doc := mistakesDocument{document{schemaVersion}, len(files), []mistakeRecord{}}
	for _, file := range files {
		doc.Mistakes = append(doc.Mistakes, mistakesOf(file, known)...)
	}
	if err := a.printMistakes(doc); err != nil {
		return err
	}
	if n := len(doc.Mistakes); n > 0 {
		return &failure{exitUsage, fmt.Errorf("mistakes: %d", n), ""}
	}
	return nil
}

// mistakesOf returns the mistakes of a file, among them that it cannot be read. known are the types of published bundles.
func mistakesOf(file string, known map[string]schedule.Definition) []mistakeRecord {
	if filepath.Ext(file) == ".yml" {
		return []mistakeRecord{{File: file, Text: "only files named *.yaml are read", Hint: "rename it to end in .yaml"}}
	}
	problems, err := folder.CheckSchedule(file)
	if len(known) > 0 && err == nil {
		if data, err := readAtMost(file, folder.MaxScheduleBytes); err == nil {
			problems = append(problems, folder.CheckScripts(file, data, known)...)
		}
	}
	all := recordsOf(file, problems)
	if err != nil && len(all) == 0 {
		all = append(all, mistakeRecord{File: file, Text: err.Error()})
	}
	return all
}

// recordsOf are the mistakes of a file, by line.
func recordsOf(file string, problems []schedule.Problem) []mistakeRecord {
	var all []mistakeRecord
	for _, p := range problems {
		m := folder.PlaceOf(p)
		all = append(all, mistakeRecord{file, m.Line, m.Column, p.CheckID, m.Text, m.Help})
	}
	slices.SortStableFunc(all, func(x, y mistakeRecord) int { return cmp.Compare(x.Line, y.Line) })
	return all
}

func (a *app) printMistakes(doc mistakesDocument) error {
	if a.JSON {
		return a.printJSON(doc)
	}
	text := ""
	for _, m := range doc.Mistakes {
		text += oneLine(m.String()) + "\n"
	}
	if text == "" {
		text = fmt.Sprintf("no mistakes; files: %d\n", doc.Files)
	}
	return a.print([]byte(text))
}

// String returns "file:line:column: check: text; hint", as far as these are known.
func (m mistakeRecord) String() string {
	place := m.File
	for _, n := range []int{m.Line, m.Column} {
		if n > 0 {
			place += ":" + strconv.Itoa(n)
		}
	}
	text := m.Text
	if m.CheckID != "" {
		text = fmt.Sprintf("check %q: %s", m.CheckID, text)
	}
	if m.Hint != "" {
		text += "; " + m.Hint
	}
	return place + ": " + text
}
