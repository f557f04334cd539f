package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
)

type bundleBuildCmd struct {
	Dirs    []string `arg:"" name:"dir" help:"Folder with scripts; of several, all are in the bundle."`
	Out     string   `short:"o" name:"out" placeholder:"FILE" help:"Write to FILE (default: NAME-VERSION.zip)."`
	Name    string   `help:"Name of the bundle, instead of that in bundle.json of the first folder that has one."`
	Version string   `name:"bundle-version" help:"Version of the bundle, instead of that in bundle.json."`
}

// Help returns the text below the summary in the help.
func (bundleBuildCmd) Help() string {
	return "A folder has NAME.lua, a check of type script.NAME each; lib/NAME.lua, which they share; " +
		`doc/NAME.md, data/NAME.json; and bundle.json: {"name": "acme", "version": "1.0.0", "agent": ` +
		`"0.9.0"}, the last being the oldest virgo that it is for. Tests (NAME_test.lua) and other ` +
		"files stay out. The scripts are evaluated as far as what they declare. The same files make " +
		"the same bytes, on every host."
}

type buildDocument struct {
	document
	File       string   `json:"file"`
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	LeastAgent string   `json:"least_agent,omitempty"`
	Bytes      int      `json:"bytes"`
	SHA256     string   `json:"sha256"`
	Scripts    []string `json:"scripts"`
	LeftOut    []string `json:"left_out"`
}

func (c *bundleBuildCmd) Run(a *app) error {
	var folder bundleFolder
	for _, dir := range c.Dirs {
		if err := folder.read(dir); err != nil {
			return agent.WithCode(agent.ExitUsage, fmt.Errorf("reading the scripts: %w", err))
		}
	}
	m := scriptbundle.Manifest{Name: folder.Name, Version: folder.Version, Agent: folder.Agent}
	if c.Name != "" {
		m.Name = c.Name
	}
	if c.Version != "" {
		m.Version = c.Version
	}
	if m.Name == "" || m.Version == "" {
		return agent.WithCode(agent.ExitUsage, agent.WithHint(errors.New("the bundle has no name or no version"),
			`write bundle.json in the folder: {"name": "acme", "version": "1.0.0"}; or give --name `+
				"and --bundle-version"))
	}
	scripts, wrong := a.declareAll(folder.files)
	if len(wrong) > 0 {
		last := len(wrong) - 1
		for _, err := range wrong[:last] {
			a.PrintError(a.Err, err)
		}
		return wrong[last]
	}
	if len(scripts) == 0 {
		return agent.UsageError("there is no script in %q: a check is NAME.lua, not in a folder below", c.Dirs)
	}
	m.Scripts = scripts
	raw, err := scriptbundle.Build(m, folder.files)
	if err != nil {
		return err
	}
	bundle, err := scriptbundle.Parse(raw)
	if err != nil {
		return fmt.Errorf("reading what was built: %w", err)
	}
	if c.Out == "" {
		c.Out = m.FileName()
	}
	if err := writePublic(c.Out, raw); err != nil {
		return err
	}
	return c.print(a, bundle, len(raw), folder.leftOut)
}

func (c *bundleBuildCmd) print(a *app, bundle *scriptbundle.Bundle, size int, leftOut []string) error {
	m := bundle.Manifest
	sum := fmt.Sprintf("%x", bundle.SHA256)
	if a.JSON {
		doc := buildDocument{
			document: document{schemaVersion}, File: c.Out, Name: m.Name, Version: m.Version, LeastAgent: m.Agent,
			Bytes: size, SHA256: sum, Scripts: []string{}, LeftOut: append([]string{}, leftOut...),
		}
		for _, s := range m.Scripts {
			doc.Scripts = append(doc.Scripts, s.Type)
		}
		return a.printJSON(doc)
	}
	beside := c.Out + signature.MinisignExtension
	if _, err := os.Lstat(beside); err == nil {
		a.Notice("%s may be the signature of what was in %s before: sign it again", beside, c.Out)
	}
	a.Verbosef("left out: %s", strings.Join(leftOut, ", "))
	var t term.Table
	t.Row("bundle", m.Name+" "+m.Version)
	t.Row("file", c.Out+", "+term.Bytes(float64(size)))
	t.Row("scripts", fmt.Sprint(len(m.Scripts)))
	t.Row("sha256", sum)
	if len(leftOut) > 0 {
		t.Row("left out", term.Count(len(leftOut), "file or folder", "files and folders")+" (-v names them)")
	}
	t.Row("next", "virgo bundle sign "+shorttext.QuoteShell(c.Out))
	return t.Write(a.Out, a.Color())
}
