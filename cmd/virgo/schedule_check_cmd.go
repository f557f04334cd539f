package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/localalarm"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/yaml"
)

type scheduleCheckCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Files with checks; without any, checks.d and the endpoint's schedule."`
}

// Help returns the text below the summary in the help.
func (scheduleCheckCmd) Help() string {
	return "Lists the mistakes with file, line and column, and exits with 2 if there are any. It runs no check. " +
		"A mistake costs its check alone: runs make the others, and a result says what is wrong."
}

type mistakeDocument struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	CheckID string `json:"check_id,omitempty"`
	Text    string `json:"text"`
	Hint    string `json:"hint,omitempty"`
}

func (c *scheduleCheckCmd) Run(a *app) error {
	checks, problems, err := c.problems(a)
	if err != nil {
		return err
	}
	mistakes := []mistakeDocument{}
	for _, p := range problems {
		mistakes = append(mistakes, newMistakeDocument(p))
	}
	slices.SortStableFunc(mistakes, func(x, y mistakeDocument) int {
		return cmp.Or(strings.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line))
	})
	if a.JSON {
		err = a.printJSON(struct {
			document
			Checks   int               `json:"checks"`
			Mistakes []mistakeDocument `json:"mistakes"`
		}{document{schemaVersion}, checks, mistakes})
	} else {
		for _, m := range mistakes {
			fmt.Fprintln(a.Out, agent.OneLine(m.String()))
		}
		if len(mistakes) == 0 {
			_, err = fmt.Fprintf(a.Out, "no mistakes in %s\n", term.Count(checks, "check", "checks"))
		}
	}
	if err == nil && len(problems) > 0 {
		return &agent.ExitError{Code: agent.ExitUsage}
	}
	return err
}

// problems returns the number of checks and the mistakes in them.
func (c *scheduleCheckCmd) problems(a *app) (checks int, problems []schedule.Problem, err error) {
	registry, err := a.Registry(nil)
	if err != nil {
		return 0, nil, err
	}
	var s schedule.Schedule
	if len(c.Files) > 0 {
		s, problems, err = schedule.LoadFiles(c.Files, a.YAML)
	} else {
		s, problems, err = schedule.LoadDir(a.Paths().Checks, a.YAML)
	}
	if err != nil {
		return 0, nil, err
	}
	problems = append(problems, typeProblems(registry, s)...)
	problems = append(problems, alarmProblems(a.YAML, s)...)
	checks = len(s.Checks)
	if len(c.Files) == 0 {
		sent, err := a.sentSchedule()
		if err != nil {
			return 0, nil, err
		}
		checks += len(sent.Checks)
		for _, k := range sent.Checks {
			if k.Fault != "" {
				problems = append(problems, schedule.Problem{CheckID: k.ID, Err: errors.New(k.Fault)})
			}
		}
	}
	return checks, problems, nil
}

// alarmProblems returns the mistakes in the alarms of checks, with their places in the files.
func alarmProblems(parse yaml.Parser, s schedule.Schedule) []schedule.Problem {
	var problems []schedule.Problem
	seen := map[string]bool{}
	for i := range s.Checks {
		k := &s.Checks[i]
		if k.Alarms == nil || k.File == "" || seen[k.File] {
			continue
		}
		seen[k.File] = true
		data, err := schedule.ReadFile(k.File)
		if err != nil {
			continue // it was read a moment ago
		}
		for _, p := range localalarm.ProblemsOf(k.File, data, parse) {
			problems = append(problems, schedule.Problem{Err: p.Err}) // which names the check
		}
	}
	return problems
}

// typeProblems returns the mistakes in types, details and their values, with their places in the files.
func typeProblems(registry *collect.Registry, s schedule.Schedule) []schedule.Problem {
	var problems []schedule.Problem
	file, data := "", []byte(nil)
	for i := range s.Checks {
		k := &s.Checks[i]
		if k.Fault != "" {
			continue
		}
		for _, err := range registry.Mistakes(*k) {
			if k.File != file {
				file = k.File
				data, _ = schedule.ReadFile(file) // without it, the line is that of the check
			}
			problems = append(problems, schedule.Problem{CheckID: k.ID, Err: k.Mistake(err, data)})
		}
	}
	return problems
}

// sentSchedule returns the endpoint's schedule, with the faults that this host finds. A host that has no
// state has none.
func (a *app) sentSchedule() (schedule.Schedule, error) {
	ag, _, err := a.OpenAgentToRead()
	if err != nil {
		return schedule.Schedule{}, err
	}
	st, err := ag.State(a.Context)
	if err != nil || !st.HasCached {
		return schedule.Schedule{}, err
	}
	sent := st.Cached.Schedule
	for i := range sent.Checks {
		ag.ValidateValues(&sent.Checks[i])
	}
	return sent, nil
}

// String returns "file:line:column: check: text; hint", as far as these are known.
func (m mistakeDocument) String() string {
	place := yaml.Error{File: m.File, Line: m.Line, Column: m.Column, Text: m.Text}
	if m.CheckID != "" {
		place.Text = fmt.Sprintf("check %q: %s", m.CheckID, m.Text)
	}
	if m.Hint != "" {
		place.Text += "; " + m.Hint
	}
	if m.File == "" {
		return place.Text
	}
	return place.Position()
}

func newMistakeDocument(p schedule.Problem) mistakeDocument {
	var inFile *yaml.Error
	if errors.As(p.Err, &inFile) {
		return mistakeDocument{inFile.File, inFile.Line, inFile.Column, p.CheckID, inFile.Text, inFile.Help}
	}
	return mistakeDocument{CheckID: p.CheckID, Text: p.Err.Error()}
}
