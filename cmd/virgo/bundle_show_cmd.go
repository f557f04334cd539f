package main

import (
	"fmt"
	"strings"

	"virgo/cmd/internal/term"
	"virgo/schedule/scriptbundle"
)

type bundleShowCmd struct {
	File  string `arg:"" help:"Bundle of checks."`
	Needs bool   `help:"Only what the checks need: files, programs, hosts."`
}

// Help returns the text below the summary in the help.
func (bundleShowCmd) Help() string {
	return "Reads the manifest and runs nothing. Who signed the bundle, virgo bundle verify says. A need with ${NAME} depends on " +
		"the detail NAME of a check."
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
}

type fileDocument struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (c *bundleShowCmd) Run(a *app) error {
	raw, err := readBundle(c.File)
	if err != nil {
		return err
	}
	bundle, err := parseBundle(c.File, raw)
	if err != nil {
		return err
	}
	m := bundle.Manifest
	if a.JSON {
		doc := bundleDocument{
			document: document{schemaVersion}, File: c.File, Name: m.Name, Version: m.Version, LeastAgent: m.Agent,
			SHA256: fmt.Sprintf("%x", bundle.SHA256), Bytes: len(raw), Scripts: []scriptDocument{}, Files: []fileDocument{},
		}
		for _, s := range m.Scripts {
			doc.Scripts = append(doc.Scripts, newScriptDocument(s))
		}
		for _, f := range m.Files {
			doc.Files = append(doc.Files, fileDocument(f))
		}
		return a.printJSON(doc)
	}
	var t term.Table
	if !c.Needs {
		t.Row("bundle", m.Name+" "+m.Version)
		if m.Agent != "" {
			t.Row("needs", "virgo "+m.Agent+" or later")
		}
		t.Row("size", fmt.Sprintf("%s in %s", term.Bytes(float64(len(raw))), term.Count(len(m.Files), "file", "files")))
		t.Row("sha256", fmt.Sprintf("%x", bundle.SHA256))
		if err := t.Write(a.Out, a.Color()); err != nil {
			return err
		}
		fmt.Fprintln(a.Out)
	}
	return scriptTable(m, !c.Needs).Write(a.Out, a.Color())
}

func newScriptDocument(s scriptbundle.Script) scriptDocument {
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
	return doc
}

// scriptTable has a line for each script and each of its needs.
func scriptTable(m scriptbundle.Manifest, summaries bool) *term.Table {
	var t term.Table
	if summaries {
		t.Head("type", "what it does, and needs")
	} else {
		t.Head("type", "needs")
	}
	for _, s := range m.Scripts {
		name := s.Type
		row := func(text string, color term.Color) {
			t.Cells(term.Cell{Text: name}, term.Cell{Text: text, Color: color})
			name = ""
		}
		if summaries {
			text := s.Summary
			if len(s.Systems) > 0 {
				text += " (" + strings.Join(s.Systems, ", ") + " only)"
			}
			row(text, term.Plain)
		}
		for _, n := range s.Needs.Needs() {
			row(n.String(), term.Faint)
		}
		if len(s.Needs.Needs()) == 0 && !summaries {
			row("nothing", term.Faint)
		}
	}
	return &t
}
