package main

import (
	"fmt"
	"os"
	"path/filepath"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect/script/lint"
	"virgo/collect/script/trial"
)

type scriptCheckCmd struct {
	Files []string `arg:"" name:"file" help:"Scripts, libraries and tests, or folders of them."`
}

// Help returns the text below the summary in the help.
func (scriptCheckCmd) Help() string {
	return "Finds mistakes of syntax, names and functions that do not exist, wrong numbers of " +
		"arguments, files, programs and addresses that the script uses and does not declare, and " +
		"details of a wrong kind. Nothing of the script runs but its declaration, with no file or " +
		"program, in the process for scripts. Exits with 1 if there is a mistake."
}

type scriptCheckDocument struct {
	document
	Findings []findingDocument `json:"findings"`
}

type findingDocument struct {
	File  string `json:"file"`
	Line  int    `json:"line,omitempty"`
	Text  string `json:"text"`
	Fatal bool   `json:"fatal"`
}

func (c *scriptCheckCmd) Run(a *app) error {
	doc := scriptCheckDocument{document: document{schemaVersion}, Findings: []findingDocument{}}
	checked := 0
	for _, path := range c.Files {
		dir, files, names, err := filesToCheck(path)
		if err != nil {
			return err
		}
		for _, name := range names {
			found, err := a.checkScript(files, name)
			if err != nil {
				return err
			}
			for _, f := range found {
				file := filepath.Join(dir, filepath.FromSlash(f.File))
				doc.Findings = append(doc.Findings, findingDocument{file, f.Line, f.Text, f.Fatal})
			}
			checked++
		}
	}
	return a.showFindings(doc, checked)
}

// filesToCheck returns a file with what it may require, or all files of a folder.
func filesToCheck(path string) (dir string, files trial.Folder, names []string, err error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		files, name, err := readScripts(path)
		return filepath.Dir(path), files, []string{name}, err
	}
	files, err = trial.ReadFolder(os.DirFS(path))
	if err != nil {
		return "", nil, nil, agent.WithCode(agent.ExitUsage, fmt.Errorf("reading %s: %w", path, err))
	}
	for _, name := range append(files.Files(), files.Tests()...) {
		if filepath.Ext(name) == ".lua" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", nil, nil, agent.UsageError("no scripts in %q", path)
	}
	return path, files, names, nil
}

// checkScript looks for mistakes, and lets the script process evaluate the declaration where there
// are none.
func (a *app) checkScript(files trial.Folder, name string) ([]lint.Finding, error) {
	others := map[string][]byte{}
	for _, other := range files.Files() {
		others[other] = []byte(files[other])
	}
	found := lint.Check(name, []byte(files[name]), others)
	if len(found) > 0 || !trial.IsScript(name) {
		return found, nil
	}
	answer, err := a.trial(a.Context, trial.Job{Files: files.For(name), Declare: name})
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", name, err)
	}
	if f := answer.Failed; f != nil {
		found = append(found, lint.Finding{File: name, Line: f.Line, Text: f.Text, Fatal: true})
	}
	return found, nil
}

func (a *app) showFindings(doc scriptCheckDocument, checked int) error {
	if a.JSON {
		if err := a.printJSON(doc); err != nil {
			return err
		}
	} else {
		var table term.Table
		for _, f := range doc.Findings {
			place := f.File
			if f.Line > 0 {
				place = fmt.Sprintf("%s:%d", f.File, f.Line)
			}
			color := term.Faint
			if f.Fatal {
				color = term.Bad
			}
			table.Cells(term.Cell{Text: place + ":", Color: term.Head}, term.Cell{Text: f.Text, Color: color})
		}
		if err := table.Write(a.Out, a.Color()); err != nil {
			return err
		}
	}
	switch {
	case len(doc.Findings) > 0:
		return &agent.ExitError{Code: agent.ExitUnexpected}
	case !a.JSON && checked == 1:
		fmt.Fprintln(a.Out, "no mistakes found")
	case !a.JSON:
		fmt.Fprintf(a.Out, "no mistakes found in %d files\n", checked)
	}
	return nil
}
