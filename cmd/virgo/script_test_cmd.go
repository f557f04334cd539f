package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect/script/trial"
)

type scriptTestCmd struct {
	Paths []string `arg:"" optional:"" name:"dir|file" help:"Folders with tests, or single tests or scripts; default: the current folder."`
	Names string   `name:"run" placeholder:"REGEXP" help:"Run only tests whose names match."`
}

// Help returns the text below the summary in the help.
func (scriptTestCmd) Help() string {
	return "Runs NAME_test.lua beside each NAME.lua. A test says which files, outputs of programs, " +
		"answers of servers and connections there are, runs the script with them, and compares " +
		"metrics, status and what it saved; virgo help lua shows one. What a test did not capture " +
		"fails it: nothing of this host is used. Exits with 1 if a test fails, or there is none."
}

type scriptTestDocument struct {
	document
	Results []trial.Result `json:"results"`
	Failed  int            `json:"failed"`
}

// A testFile is a file of tests with the path that the user knows it by.
type testFile struct {
	path, name string
	files      trial.Folder
}

func (c *scriptTestCmd) Run(a *app) error {
	if _, err := regexp.Compile(c.Names); err != nil {
		return agent.UsageError("--run %q: %v", c.Names, err)
	}
	tests, err := c.find()
	if err != nil {
		return err
	}
	doc := scriptTestDocument{document: document{schemaVersion}, Results: []trial.Result{}}
	for _, t := range tests {
		results := c.run(a, t)
		if err := a.Context.Err(); err != nil {
			return err
		}
		for _, r := range results {
			if r.Fault != "" {
				doc.Failed++
			}
		}
		doc.Results = append(doc.Results, results...)
		if !a.JSON {
			if err := a.showTests(t, results); err != nil {
				return err
			}
		}
	}
	return c.end(a, doc)
}

func (c *scriptTestCmd) end(a *app, doc scriptTestDocument) error {
	if a.JSON {
		if err := a.printJSON(doc); err != nil {
			return err
		}
	}
	switch ran := len(doc.Results); {
	case ran == 0 && c.Names != "":
		return agent.WithCode(agent.ExitUnexpected, fmt.Errorf("no test has a name that matches %q", c.Names))
	case doc.Failed > 0:
		return agent.WithCode(agent.ExitUnexpected, fmt.Errorf("%d of %d tests failed", doc.Failed, ran))
	case !a.JSON:
		fmt.Fprintf(a.Out, "%d tests passed\n", ran)
	}
	return nil
}

// find returns the files of tests that the arguments name.
func (c *scriptTestCmd) find() ([]testFile, error) {
	var all []testFile
	paths := c.Paths
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err == nil && info.IsDir() {
			files, err := trial.ReadFolder(os.DirFS(path))
			if err != nil {
				return nil, agent.WithCode(agent.ExitUsage, fmt.Errorf("reading %s: %w", path, err))
			}
			for _, name := range files.Tests() {
				all = append(all, testFile{filepath.Join(path, name), name, files})
			}
			continue
		}
		if err == nil && trial.IsScript(filepath.Base(path)) {
			path = filepath.Join(filepath.Dir(path), trial.TestOf(filepath.Base(path)))
		}
		files, name, err := readScripts(path)
		if err != nil {
			return nil, err
		}
		all = append(all, testFile{path, name, files})
	}
	if len(all) == 0 {
		err := fmt.Errorf("no tests in %q", paths)
		return nil, agent.WithCode(agent.ExitUnexpected, agent.WithHint(err,
			"those of hello.lua are in hello_test.lua beside it; virgo script new writes both"))
	}
	return all, nil
}

// run runs the tests of one file. If the process dies, what it ran is one failure.
func (c *scriptTestCmd) run(a *app, t testFile) []trial.Result {
	answer, err := a.trial(a.Context, trial.Job{
		Files: t.files.For(t.name), Test: &trial.TestJob{File: t.name, Names: c.Names},
	})
	if err == nil && answer.Failed != nil {
		err = answer.Failed
	}
	if err != nil {
		return []trial.Result{{File: t.name, Fault: err.Error()}}
	}
	return answer.Results
}

func (a *app) showTests(t testFile, results []trial.Result) error {
	var table term.Table
	for _, r := range results {
		if r.Fault == "" {
			if a.Verbose {
				table.Cells(term.Cell{Text: "ok", Color: term.Good}, term.Cell{Text: t.path},
					term.Cell{Text: fmt.Sprintf("%s (%.0f ms)", r.Name, r.TookMS)})
			}
			continue
		}
		place := t.path
		if r.Line > 0 {
			place = fmt.Sprintf("%s:%d", t.path, r.Line)
		}
		text := r.Fault
		if r.Name != "" {
			text = r.Name + ": " + text
		}
		table.Cells(term.Cell{Text: "FAIL", Color: term.Bad}, term.Cell{Text: place}, term.Cell{Text: text})
	}
	if !a.Verbose && len(results) > 0 && !failedAny(results) {
		table.Cells(term.Cell{Text: "ok", Color: term.Good}, term.Cell{Text: t.path},
			term.Cell{Text: fmt.Sprintf("%d tests", len(results))})
	}
	return table.Write(a.Out, a.Color())
}

func failedAny(results []trial.Result) bool {
	for _, r := range results {
		if r.Fault != "" {
			return true
		}
	}
	return false
}
