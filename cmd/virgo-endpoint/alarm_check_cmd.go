package main

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/alarm"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/schedule"
	rule "virgo/schedule/alarm"
	"virgo/schedule/yaml"
	"virgo/schedule/yaml/full"
)

type alarmCheckCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Files with rules, or with checks that have alarms; without any, those of the folder."`
}

func (alarmCheckCmd) Help() string {
	return "Lists the mistakes with file, line and column, and exits with 2 if there are any. A mistake costs its rule alone. " +
		"Of a check's alarms in the older form (criteria) it names what cannot be translated."
}

func (c *alarmCheckCmd) Run(a *app) error {
	doc := mistakesDocument{document{schemaVersion}, len(c.Files), []mistakeRecord{}}
	var err error
	if len(c.Files) > 0 {
		for _, file := range c.Files {
			doc.Mistakes = append(doc.Mistakes, ruleMistakesOf(a, file)...)
		}
	} else if doc.Files, doc.Mistakes, err = folderRuleMistakes(a); err != nil {
		return err
	}
	if err := a.printMistakes(doc); err != nil {
		return err
	}
	if n := len(doc.Mistakes); n > 0 {
		return &failure{exitUsage, fmt.Errorf("mistakes: %d", n), ""}
	}
	return nil
}

// ruleMistakesOf returns the mistakes of a file with rules, or with checks.
func ruleMistakesOf(a *app, file string) []mistakeRecord {
	data, err := readRules(file)
	if err != nil {
		return []mistakeRecord{{File: file, Text: err.Error()}}
	}
	var problems []schedule.Problem
	if hasChecks(file, data) {
		_, problems = rule.ParseChecks(file, data, full.Parse)
	} else {
		_, problems = alarm.RulesOf(file, data, full.Parse, a.now)
	}
	return ruleMistakes(problems)
}

// folderRuleMistakes returns the mistakes of all files of the folder, and how many files there are.
func folderRuleMistakes(a *app) (files int, list []mistakeRecord, err error) {
	dir, err := a.folder()
	if err != nil {
		return 0, nil, err
	}
	list = []mistakeRecord{}
	problems, err := alarm.LoadRules(dir.AlarmsDir(), full.Parse, a.now).Problems()
	if err != nil {
		return 0, nil, err
	}
	list = append(list, ruleMistakes(problems)...)
	for i := range list {
		list[i].File = filepath.Join(dir.AlarmsDir(), list[i].File)
	}
	for _, of := range []string{dir.AlarmsDir(), dir.SchedulesDir()} {
		names, err := filepath.Glob(filepath.Join(of, "*.yaml"))
		if err != nil {
			return 0, nil, err
		}
		files += len(names)
		if of == dir.AlarmsDir() {
			continue
		}
		for _, name := range names {
			data, err := readRules(name)
			if err != nil {
				list = append(list, mistakeRecord{File: name, Text: err.Error()})
				continue
			}
			_, problems := rule.ParseChecks(name, data, full.Parse)
			list = append(list, ruleMistakes(problems)...)
		}
	}
	return files, list, nil
}

func ruleMistakes(problems []schedule.Problem) []mistakeRecord {
	var list []mistakeRecord
	for _, p := range problems {
		m := folder.PlaceOf(p)
		list = append(list, mistakeRecord{File: m.File, Line: m.Line, Column: m.Column, Text: m.Text, Hint: m.Help})
	}
	slices.SortStableFunc(list, func(x, y mistakeRecord) int { return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line)) })
	return list
}

// readRules reads a file of at most yaml.MaxBytes.
func readRules(file string) ([]byte, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if info.Size() > yaml.MaxBytes {
		return nil, fmt.Errorf("%q has %d bytes, at most %d are read", file, info.Size(), yaml.MaxBytes)
	}
	return os.ReadFile(file)
}

// hasChecks reports whether a file has checks and not rules.
func hasChecks(file string, data []byte) bool {
	root, err := full.Parse(file, data)
	if err != nil {
		return false
	}
	entries := root.Items
	if root.Kind == yaml.Map {
		entries = []yaml.Node{root}
	}
	return slices.ContainsFunc(entries, func(n yaml.Node) bool {
		return slices.ContainsFunc(n.Fields, func(f yaml.Field) bool { return f.Key == "type" })
	})
}
