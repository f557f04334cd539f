package main

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/collect/plugin"
	"virgo/schedule"
	"virgo/schedule/shorttext"
)

type pluginTestCmd struct {
	Format  string        `help:"Output format, if it is not detected correctly."`
	RunAs   string        `name:"run-as" placeholder:"USER[:GROUP]" help:"Run as this user; virgo must be root."`
	Timeout time.Duration `default:"60s" help:"Time limit of the plugin."`
	File    string        `arg:"" help:"Plugin in the plugin folder, or the path of any file."`
	Args    []string      `arg:"" optional:"" passthrough:"" help:"Arguments of the plugin."`
}

// Help returns the text below the summary in the help.
func (pluginTestCmd) Help() string {
	return "Runs the plugin once as the agent does, also shows its standard error, and changes no state. Flags of virgo " +
		"come before FILE, those of the plugin after it. In place of FILE and its arguments, it takes the details of " +
		"virgo check agent.plugin: file=disk args=/. Exits with 1 if the output has an error or the result is " +
		"unavailable."
}

// details returns the check's details. FILE may begin those that virgo check takes instead: file=NAME
// args=… format=… timeout=… run_as=…, which go before the flags of the same meaning.
func (c *pluginTestCmd) details() (schedule.Details, error) {
	details := schedule.Details{"file": c.File, "args": c.Args, "format": c.Format, "run_as": c.RunAs}
	key, _, ok := strings.Cut(c.File, "=")
	typ := plugin.Type(plugin.Options{})
	if _, known := detailNamed(typ, key); !ok || !known {
		return details, nil
	}
	given, err := parseDetails(append([]string{c.File}, c.Args...), typ)
	if err != nil {
		return nil, err
	}
	delete(details, "args")
	delete(details, "file")
	maps.Copy(details, given)
	if c.File, _ = details.Text("file"); c.File == "" {
		return nil, agent.UsageError("file=NAME is missing")
	}
	return details, nil
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
	a.HideToken()
	details, err := c.details()
	if err != nil {
		return err
	}
	trial, name, err := c.trial(a)
	if err != nil {
		return err
	}
	details["file"] = name
	reg, err := collect.NewRegistry(collect.Type{Name: plugin.TypeName, Checker: trial})
	if err != nil {
		return err
	}
	out, err := a.runCheck(reg, schedule.Check{ID: name, Type: plugin.TypeName, Details: details, Timeout: c.Timeout})
	if err != nil {
		return err
	}
	file := filepath.Join(trial.Dir, name)
	if a.JSON {
		doc := trialDocument{
			document{schemaVersion}, file, trial.Format, trial.Exit, trial.Signal,
			newResultDocument(out), make([]faultDocument, len(trial.Faults)),
		}
		for i, f := range trial.Faults {
			doc.Faults[i] = faultDocument{f.Line, f.Text, trial.Line(f.Line)}
		}
		err = a.printJSON(doc)
	} else {
		err = a.showTrial(file, trial, out)
	}
	if err == nil && (out.Result.State != collect.Available || len(trial.Faults) > 0) {
		err = &agent.ExitError{Code: agent.ExitUnexpected}
	}
	return err
}

// trial returns a trial for the named file, and the file's name in its folder. A bare name is
// looked up in the plugin folder first. A file elsewhere is trusted, because the user named it.
func (c *pluginTestCmd) trial(a *app) (*plugin.Trial, string, error) {
	t := &plugin.Trial{Dir: a.Paths().Plugins, Environ: a.PluginEnviron(), Variables: a.PluginVariables(), Stderr: a.Err}
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
		return nil, "", agent.UsageError("%q is not a regular file", c.File)
	case bare:
		err = fmt.Errorf("there is no plugin %q in %s or in the current folder", c.File, t.Dir)
	default:
		err = fmt.Errorf("there is no plugin %q: %w", c.File, fs.ErrNotExist)
	}
	return nil, "", agent.WithCode(agent.ExitUsage, agent.WithHint(err, "virgo targets "+plugin.TypeName+" lists the plugins in the plugin folder"))
}

// showTrial prints how the plugin ended, its result, and the errors in its output.
func (a *app) showTrial(file string, trial *plugin.Trial, out collect.Outcome) error {
	ended := fmt.Sprintf("exit code %d", trial.Exit)
	if trial.Signal != 0 {
		ended = fmt.Sprintf("signal %d", trial.Signal)
	}
	var head term.Table
	head.Row("file", file)
	if trial.Format != "" { // it ended by itself
		head.Row("format", trial.Format)
		head.Row("ended", ended)
	}
	if err := head.Write(a.Out, a.Color()); err != nil {
		return err
	}
	if err := a.showCheck(out); err != nil || len(trial.Faults) == 0 {
		return err
	}
	var faults term.Table
	for _, f := range trial.Faults {
		faults.Cells(
			term.Cell{Text: fmt.Sprintf("line %d", f.Line), Color: term.Head},
			term.Cell{Text: shorttext.Shorten(f.Text, 120), Color: term.Bad},
			term.Cell{Text: shorttext.Shorten(trial.Line(f.Line), 60), Color: term.Faint},
		)
	}
	return faults.Write(a.Out, a.Color())
}
