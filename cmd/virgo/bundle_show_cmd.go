package main

import (
	"fmt"
	"slices"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

type bundleShowCmd struct {
	File  string `arg:"" optional:"" help:"Bundle of checks; without it the one that is installed."`
	Needs bool   `help:"Only what the checks need (files, programs, hosts), and whether virgo.yaml grants it."`
}

// Help returns the text below the summary in the help.
func (bundleShowCmd) Help() string {
	return "Reads the manifest and runs nothing. Who signed the bundle, virgo bundle verify says. A " +
		"need with ${NAME} depends on the detail NAME of a check. A script that needs what scripts " +
		"in virgo.yaml does not grant does not run."
}

type bundleDocument struct {
	document
	File       string           `json:"file"`
	Name       string           `json:"name"`
	Version    string           `json:"version"`
	LeastAgent string           `json:"least_agent,omitempty"`
	SHA256     string           `json:"sha256"`
	Bytes      int              `json:"bytes"`
	Scripts    []scriptDocument `json:"scripts"`
	Files      []fileDocument   `json:"files"`
}

type scriptDocument struct {
	Type    string              `json:"type"`
	File    string              `json:"file"`
	Summary string              `json:"summary"`
	Details []string            `json:"details"`
	Needs   map[string][]string `json:"needs"`
	Systems []string            `json:"systems"`
	// NotGranted is what it needs and virgo.yaml grants no script of this type: it does not run.
	NotGranted []string `json:"not_granted,omitempty"`
}

type fileDocument struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (c *bundleShowCmd) Run(a *app) error {
	file, err := c.read(a)
	if err != nil {
		return err
	}
	bundle, err := parseBundle(file.label, file.raw)
	if err != nil {
		return err
	}
	var grants *policy.Grants
	if c.Needs {
		cfg, err := a.LoadConfig()
		if err != nil {
			return err
		}
		granted := cfg.Grants()
		grants = &granted
	}
	if a.JSON {
		return a.printJSON(newBundleDocument(file, bundle, grants))
	}
	if !c.Needs {
		if err := printBundle(a, bundle, len(file.raw)); err != nil {
			return err
		}
	}
	if err := scriptTable(bundle.Manifest, grants).Write(a.Out, a.Color()); err != nil || grants == nil {
		return err
	}
	return printStopped(a, bundle.Manifest, grants)
}

func newBundleDocument(file bundleFile, bundle *scriptbundle.Bundle, grants *policy.Grants) bundleDocument {
	m := bundle.Manifest
	doc := bundleDocument{
		document: document{schemaVersion}, File: file.label, Name: m.Name, Version: m.Version, LeastAgent: m.Agent,
		SHA256: fmt.Sprintf("%x", bundle.SHA256), Bytes: len(file.raw),
		Scripts: []scriptDocument{}, Files: []fileDocument{},
	}
	for _, s := range m.Scripts {
		doc.Scripts = append(doc.Scripts, newScriptDocument(s, grants))
	}
	for _, f := range m.Files {
		doc.Files = append(doc.Files, fileDocument(f))
	}
	return doc
}

// printBundle prints what a bundle is, with an empty line behind it.
func printBundle(a *app, bundle *scriptbundle.Bundle, size int) error {
	m := bundle.Manifest
	var t term.Table
	t.Row("bundle", m.Name+" "+m.Version)
	if m.Agent != "" {
		t.Row("needs", "virgo "+m.Agent+" or later")
	}
	t.Row("size", fmt.Sprintf("%s in %s", term.Bytes(float64(size)), term.Count(len(m.Files), "file", "files")))
	t.Row("sha256", fmt.Sprintf("%x", bundle.SHA256))
	if err := t.Write(a.Out, a.Color()); err != nil {
		return err
	}
	_, err := fmt.Fprintln(a.Out)
	return err
}

// printStopped says how many scripts miss a grant, and so do not run.
func printStopped(a *app, m scriptbundle.Manifest, grants *policy.Grants) error {
	stopped := 0
	for _, s := range m.Scripts {
		if len(grants.Missing(s.Type, s.Needs)) > 0 {
			stopped++
		}
	}
	if stopped == 0 {
		return nil
	}
	_, err := fmt.Fprintf(a.Out,
		"\n%s not run here: scripts in virgo.yaml does not grant what they need; virgo help policy has examples\n",
		term.Count(stopped, "script does", "scripts do"))
	return err
}

// read reads the bundle that is named, else the installed one.
func (c *bundleShowCmd) read(a *app) (bundleFile, error) {
	if c.File == "" {
		return a.readInstalled()
	}
	return readFile(c.File)
}

func newScriptDocument(s scriptbundle.Script, grants *policy.Grants) scriptDocument {
	doc := scriptDocument{
		Type: s.Type, File: s.File, Summary: s.Summary, Details: []string{}, Needs: map[string][]string{},
		Systems: append([]string{}, s.Systems...),
	}
	for _, d := range s.Details {
		doc.Details = append(doc.Details, d.Name)
	}
	for kind, patterns := range s.Needs {
		doc.Needs[string(kind)] = patterns
	}
	if grants != nil {
		for _, n := range grants.Missing(s.Type, s.Needs) {
			doc.NotGranted = append(doc.NotGranted, n.String())
		}
	}
	return doc
}

// scriptTable has a line for each script and each of its needs, with whether the grants give it;
// nil: that is not asked.
func scriptTable(m scriptbundle.Manifest, grants *policy.Grants) *term.Table {
	var t term.Table
	if grants == nil {
		t.Head("type", "what it does, and needs")
	} else {
		t.Head("type", "granted", "needs")
	}
	for _, s := range m.Scripts {
		name := s.Type
		row := func(cells ...term.Cell) {
			t.Cells(append([]term.Cell{{Text: name}}, cells...)...)
			name = ""
		}
		if grants != nil {
			bundleNeedRows(row, s, *grants)
			continue
		}
		text := s.Summary
		if len(s.Systems) > 0 {
			text += " (" + strings.Join(s.Systems, ", ") + " only)"
		}
		row(term.Cell{Text: text})
		for _, n := range s.Needs.Needs() {
			row(term.Cell{Text: n.String(), Color: term.Faint})
		}
	}
	return &t
}

func bundleNeedRows(row func(...term.Cell), s scriptbundle.Script, grants policy.Grants) {
	needs := s.Needs.Needs()
	if len(needs) == 0 {
		row(term.Cell{Text: "yes", Color: term.Good}, term.Cell{Text: "nothing", Color: term.Faint})
	}
	missing := grants.Missing(s.Type, s.Needs)
	for _, n := range needs {
		granted := term.Cell{Text: "yes", Color: term.Good}
		if slices.Contains(missing, n) {
			granted = term.Cell{Text: "no", Color: term.Bad}
		}
		row(granted, term.Cell{Text: n.String()})
	}
}
