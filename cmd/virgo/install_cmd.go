package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/timer"
	"virgo/cmd/internal/upgrade"
	"virgo/schedule/shorttext"
)

type installCmd struct {
	Systemd bool `help:"Use a systemd timer instead of the crontab."`
	Print   bool `help:"Print the entry without installing it."`
}

// Help returns the text below the summary in the help.
func (installCmd) Help() string {
	return "Adds an entry that makes a run once a minute: to your crontab, as a systemd timer, to launchd on macOS, or to " +
		"the Task Scheduler on Windows. It starts virgo-run where that lies beside virgo, otherwise `virgo run`. Installing again updates " +
		"the entry."
}

type uninstallCmd struct {
	Systemd bool `help:"Remove the systemd timer instead of the crontab line."`
	Purge   bool `help:"Remove configuration and state as well, with results that were not delivered."`
	Print   bool `help:"Print what would be removed without removing it."`
}

type timerDocument struct {
	document
	Timetable string `json:"timetable"`
	// Program is the path of virgo-run or virgo.
	Program string `json:"program,omitempty"`
	Changed bool   `json:"changed"`
	SplayS  int    `json:"splay_s,omitempty"`
	Entry   string `json:"entry,omitempty"`
	// Removed are the files and folders that uninstall --purge removed, or would remove.
	Removed []string `json:"removed,omitempty"`
}

// timerTime bounds crontab, systemctl and schtasks.
const timerTime = 30 * time.Second

func (c *installCmd) Run(a *app) error {
	scheduler, err := a.scheduler(c.Systemd)
	if err != nil {
		return err
	}
	cfg, err := a.LoadConfig()
	if err == nil {
		err = cfg.Err()
	}
	if err != nil {
		return err
	}
	entry, err := a.entry(cfg, c.Print)
	if err != nil {
		return err
	}
	changed, warning := false, ""
	if !c.Print {
		ctx, cancel := a.Deadline(timerTime)
		defer cancel()
		if changed, err = scheduler.Install(ctx, entry); err != nil {
			return err
		}
		if t, ok := scheduler.(timer.Warner); ok {
			warning = t.Warning(ctx)
		}
	}
	switch {
	case a.JSON:
		err = a.printJSON(timerDocument{
			document: document{schemaVersion}, Timetable: scheduler.Name(), Program: entry.Command.Program,
			Changed: changed, SplayS: int(entry.Splay / time.Second), Entry: scheduler.Print(entry),
		})
	case c.Print:
		_, err = fmt.Fprint(a.Out, scheduler.Print(entry))
	case changed:
		_, err = fmt.Fprintf(a.Out, "%s: starts %s once a minute, %s after the minute begins\n",
			scheduler.Name(), entry.Command, entry.Splay)
	default:
		_, err = fmt.Fprintf(a.Out, "%s: nothing to do, starts %s already\n", scheduler.Name(), entry.Command)
	}
	if warning != "" {
		a.Notice("%s", warning)
	}
	return err
}

func (c *uninstallCmd) Run(a *app) error {
	scheduler, err := a.scheduler(c.Systemd)
	if err != nil {
		return err
	}
	var files []string
	if c.Purge {
		if files, err = purged(a.Paths()); err != nil {
			return err
		}
	}
	changed := false
	if !c.Print {
		ctx, cancel := a.Deadline(timerTime)
		defer cancel()
		// First of all, so that no run begins that would write state again.
		if changed, err = scheduler.Uninstall(ctx); err != nil {
			return err
		}
		if err := purge(files); err != nil {
			return err
		}
	}
	if a.JSON {
		return a.printJSON(timerDocument{
			document: document{schemaVersion}, Timetable: scheduler.Name(), Changed: changed, Removed: files,
		})
	}
	stay := "; configuration and state stay"
	if c.Purge {
		stay = ""
	}
	switch {
	case c.Print:
		_, err = fmt.Fprintf(a.Out, "%s: would remove the entry of `virgo install`%s\n", scheduler.Name(), stay)
	case changed:
		_, err = fmt.Fprintf(a.Out, "%s: removed%s\n", scheduler.Name(), stay)
	default:
		_, err = fmt.Fprintf(a.Out, "%s: nothing to do, virgo is not installed\n", scheduler.Name())
	}
	what := "removed"
	if c.Print {
		what = "would remove"
	}
	for _, file := range files {
		if err == nil {
			_, err = fmt.Fprintf(a.Out, "%s %s\n", what, shorttext.Sanitize(file))
		}
	}
	return err
}

func (a *app) scheduler(systemd bool) (timer.Scheduler, error) {
	if !systemd {
		return timer.Native(os.Geteuid() == 0), nil
	}
	home := a.Getenv("XDG_CONFIG_HOME")
	if home == "" {
		home = filepath.Join(a.Getenv("HOME"), ".config")
	}
	if s, ok := timer.NativeSystemd(os.Geteuid() == 0, home); ok {
		return s, nil
	}
	return nil, agent.UsageError("this system has no systemd")
}

// entry returns the command to start: virgo-run or this program, with flags for the paths of this
// call that a run started by the scheduler would not find.
func (a *app) entry(cfg config.Config, printing bool) (timer.Entry, error) {
	program, err := os.Executable()
	if err != nil {
		return timer.Entry{}, fmt.Errorf("finding the path of this program: %w", err)
	}
	if !printing && strings.HasPrefix(program, filepath.Clean(os.TempDir())+string(filepath.Separator)) {
		return timer.Entry{}, agent.WithCode(agent.ExitUsage, agent.WithHint(
			errors.New("this program is in the temporary folder, from which it will be deleted"),
			"go build -o virgo ./cmd/virgo, move it to a permanent folder, and start it there",
		))
	}
	program = upgrade.Stable(program)
	e := timer.Entry{Command: timer.RunCommand(program), Splay: config.Splay(cfg.AgentID, agent.MaxSplay)}
	paths, defaults := a.Paths(), config.DefaultPaths(func(name string) string {
		if name == "HOME" || name == "ProgramData" {
			return a.Getenv(name)
		}
		return "" // a scheduler sets no XDG_… and no VIRGO_…
	})
	for _, f := range []struct{ name, path, byDefault string }{
		{"config", paths.Config, defaults.Config},
		{"state", paths.State, defaults.State},
		{"plugins", paths.Plugins, defaults.Plugins},
		{"scripts", paths.Scripts, defaults.Scripts},
	} {
		if f.path == f.byDefault {
			continue
		}
		abs, err := filepath.Abs(f.path)
		if err != nil {
			return e, fmt.Errorf("resolving %q: %w", f.path, err)
		}
		e.Flags = append(e.Flags, "--"+f.name+"="+abs)
	}
	if err := e.Validate(); err != nil {
		return e, agent.WithCode(agent.ExitUsage, agent.WithHint(err, "move it to a folder with another name"))
	}
	if printing {
		return e, nil
	}
	return e, checkInstalled(a.Getenv, e.Command, paths)
}
