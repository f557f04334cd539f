package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/virgo/internal/term"
	"virgo/collect"
	"virgo/collect/plugin"
	"virgo/schedule"
)

type pluginTestCmd struct {
	Format  string        `help:"What it prints, where that is not to be found by looking."`
	RunAs   string        `name:"run-as" placeholder:"USER[:GROUP]" help:"Whom it runs as, where virgo is root."`
	Timeout time.Duration `default:"60s" help:"Time limit."`
	File    string        `arg:"" help:"A plugin of the plugin folder, or the path of any file."`
	Args    []string      `arg:"" optional:"" passthrough:"" help:"The plugin's arguments."`
}

// Help is the command's own part of its help.
func (pluginTestCmd) Help() string {
	return "Runs it once as the agent would, shows what it says on its standard error as well, and touches no state. " +
		"virgo's own flags come before FILE: what follows is the plugin's. Exits with 1 where there is a fault or the result is unavailable."
}

type trialDocument struct {
	document
	File     string          `json:"file"`
	Format   string          `json:"format"`
	ExitCode int             `json:"exit_code"`
	Signal   int             `json:"signal,omitempty"`
	Result   resultDocument  `json:"result"`
	Faults   []faultDocument `json:"faults"`
}

type faultDocument struct {
	Line    int    `json:"line"`
	Fault   string `json:"fault"`
	Content string `json:"content"`
}

func (c *pluginTestCmd) Run(a *app) error {
	if cfg, err := a.config(); err == nil {
		a.tokenVariable = cfg.TokenVariable() // no plugin sees it, by hand neither
	}
	trial, name, err := c.trial(a)
	if err != nil {
		return err
	}
	reg, err := collect.NewRegistry(collect.Type{Name: plugin.TypeName, Checker: trial})
	if err != nil {
		return err
	}
	details := schedule.Details{"file": name, "args": c.Args, "format": c.Format, "run_as": c.RunAs}
	job := collect.Job{Check: schedule.Check{ID: name, Type: plugin.TypeName, Details: details, Period: schedule.DefaultPeriod, Timeout: c.Timeout}}
	ctx, cancel := a.deadline(c.Timeout + time.Second)
	defer cancel()
	var out collect.Outcome
	runner := collect.Runner{Registry: reg, Concurrency: 1, Now: a.now}
	runner.Run(ctx, []collect.Job{job}, func(_ int, o collect.Outcome) { out = o })
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	file := filepath.Join(trial.Dir, name)
	if a.JSON {
		doc := trialDocument{document{schemaVersion}, file, trial.Format, trial.Exit, trial.Signal, newResultDocument(out), make([]faultDocument, len(trial.Faults))}
		for i, f := range trial.Faults {
			doc.Faults[i] = faultDocument{f.Line, f.Text, trial.Line(f.Line)}
		}
		err = a.printJSON(doc)
	} else {
		err = a.showTrial(file, trial, out)
	}
	if err == nil && (out.Result.State != collect.Available || len(trial.Faults) > 0) {
		err = &exitError{code: exitUnexpected}
	}
	return err
}

// trial is set up for the file that was named, and the file's name in its folder. A bare name is the plugin
// folder's first; a path, or what lies in the working folder, is a file that whoever names it trusts.
func (c *pluginTestCmd) trial(a *app) (*plugin.Trial, string, error) {
	t := &plugin.Trial{Dir: a.paths().Plugins, Environ: a.pluginEnviron()}
	t.Stderr, _ = a.err.(*os.File)
	inFolder := filepath.Join(t.Dir, c.File)
	bare := !strings.ContainsRune(filepath.ToSlash(c.File), '/')
	if _, err := os.Stat(inFolder); bare && err == nil {
		return t, c.File, nil
	}
	info, err := os.Stat(c.File)
	switch {
	case err == nil && info.Mode().IsRegular():
		t.Dir, t.Trusted = filepath.Dir(c.File), true
		return t, filepath.Base(c.File), nil
	case err == nil:
		return nil, "", usageError("%q is no file", c.File)
	case bare:
		err = fmt.Errorf("there is no plugin %q, neither in %s nor here", c.File, t.Dir)
	default:
		err = fmt.Errorf("there is no plugin %q: %w", c.File, fs.ErrNotExist)
	}
	return nil, "", &exitError{exitUsage, withHint{err, "virgo targets " + plugin.TypeName + " lists those of the plugin folder"}}
}

// showTrial prints how it ended, the result as virgo check does, and the faults.
func (a *app) showTrial(file string, trial *plugin.Trial, out collect.Outcome) error {
	ended := fmt.Sprintf("exit code %d", trial.Exit)
	if trial.Signal != 0 {
		ended = fmt.Sprintf("signal %d", trial.Signal)
	}
	var head term.Table
	head.Row("file", file)
	if trial.Format != "" { // it came to its end
		head.Row("format", trial.Format)
		head.Row("ended", ended)
	}
	if err := head.Write(a.out, a.color()); err != nil {
		return err
	}
	if err := a.showCheck(out); err != nil || len(trial.Faults) == 0 {
		return err
	}
	var faults term.Table
	for _, f := range trial.Faults {
		faults.Cells(
			term.Cell{Text: fmt.Sprintf("line %d", f.Line), Color: term.Head},
			term.Cell{Text: shorten(f.Text, 120), Color: term.Bad},
			term.Cell{Text: shorten(trial.Line(f.Line), 60), Color: term.Faint},
		)
	}
	return faults.Write(a.out, a.color())
}
