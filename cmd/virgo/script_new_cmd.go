package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/collect/script/trial"
	"virgo/schedule/ownership"
	"virgo/schedule/scriptbundle"
)

type scriptNewCmd struct {
	Name     string `arg:"" help:"Name of the script: the type of its checks is script.NAME."`
	Dir      string `placeholder:"DIR" help:"Folder to write it to; default: that of this host's own scripts."`
	Schedule bool   `help:"Also schedule it: write checks.d/NAME.yaml."`
	Kind     string `default:"file" enum:"file,program,http,plain" help:"What it reads: file, program, http or plain, which reads nothing (default: ${default})."`
}

// Help returns the text below the summary in the help.
func (scriptNewCmd) Help() string {
	return "Writes NAME.lua, a check that works, and NAME_test.lua, its tests; existing files are " +
		"never overwritten. Change them to measure something else: virgo help lua explains both."
}

func (c *scriptNewCmd) Run(a *app) error {
	name := strings.TrimSuffix(c.Name, ".lua") + ".lua"
	if err := scriptbundle.ValidName(name); err != nil || !trial.IsScript(name) {
		err := fmt.Errorf("invalid name of a script %q", c.Name)
		return agent.WithCode(agent.ExitUsage, agent.WithHint(err,
			"use a-z, 0-9 and _; a name that ends in _test is that of tests"))
	}
	dir := c.Dir
	if dir == "" {
		dir = a.Paths().Scripts
	}
	if err := ownership.MkdirAll(dir, 0o755); err != nil {
		err = fmt.Errorf("creating the folder of scripts: %w", err)
		return agent.WithHint(err, "--dir DIR writes to another folder")
	}
	file, test := filepath.Join(dir, name), filepath.Join(dir, trial.TestOf(name))
	stem := strings.TrimSuffix(name, ".lua")
	example := exampleDetails(c.Kind)
	line := fmt.Sprintf("- {id: %q, type: %s%s}\n", stem, scriptbundle.TypePrefix+stem, example.line)
	scheduled := filepath.Join(a.Paths().Checks, stem+".yaml")
	files := []newFile{{file, scriptText(c.Kind, stem)}, {test, scriptTestText(c.Kind, stem)}}
	if c.Schedule {
		if err := ownership.MkdirAll(a.Paths().Checks, 0o755); err != nil {
			return fmt.Errorf("creating the folder of checks: %w", err)
		}
		files = append(files, newFile{scheduled, line})
	}
	if err := writeNewScripts(files); err != nil {
		return err
	}
	if a.JSON {
		return a.printJSON(struct {
			document
			Path string `json:"path"`
			Test string `json:"test"`
			Type string `json:"type"`
			Kind string `json:"kind"`
			Line string `json:"schedule"`
		}{document{schemaVersion}, file, test, scriptbundle.TypePrefix + stem, c.Kind, strings.TrimSpace(line)})
	}
	for i, f := range files {
		fmt.Fprintf(a.Out, "%-9s %s\n", [...]string{"written", "", "scheduled"}[i], f.path)
	}
	fmt.Fprintf(a.Out, "try it    virgo script run %s%s\n", file, example.argument)
	fmt.Fprintf(a.Out, "test it   virgo script test %s\n", file)
	if dir != a.Paths().Scripts {
		fmt.Fprintf(a.Out, "install   cp %s %s\n", file, a.Paths().Scripts)
	}
	if !c.Schedule {
		fmt.Fprintf(a.Out, "schedule  with this line in %s:\n%s", scheduled, line)
	}
	return nil
}

type newFile struct{ path, text string }

// writeNewScripts creates all files, or none.
func writeNewScripts(files []newFile) error {
	for i, f := range files {
		err := writeNewScript(f.path, f.text)
		if err == nil {
			continue
		}
		for _, made := range files[:i] {
			os.Remove(made.path)
		}
		if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%q already exists", f.path)
			return agent.WithCode(agent.ExitUsage, agent.WithHint(err,
				"choose another name, or try that script: virgo script run "+files[0].path))
		}
		return fmt.Errorf("writing the script: %w", err)
	}
	return nil
}

// writeNewScript creates a file that nobody else can change. It fails with fs.ErrExist where one exists.
func writeNewScript(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err := errors.Join(err, f.Close(), os.Chmod(path, 0o644)); err != nil {
		os.Remove(path)
		return err
	}
	return nil
}
