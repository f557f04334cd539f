package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"virgo/cmd/virgo/internal/config"
	"virgo/cmd/virgo/internal/timer"
)

type installCmd struct {
	Systemd bool `help:"A systemd timer in place of the crontab line."`
	Print   bool `help:"Show what would be written and change nothing."`
}

// Help is the command's own part of its help.
func (installCmd) Help() string {
	return "Starts `virgo run` once a minute: from the crontab of whoever calls, a systemd timer, or the Task Scheduler on Windows. Doing it again changes nothing."
}

type uninstallCmd struct {
	Systemd bool `help:"The systemd timer in place of the crontab line."`
	Print   bool `help:"Say what would be taken off and change nothing."`
}

type timerDocument struct {
	document
	Timetable string `json:"timetable"`
	Changed   bool   `json:"changed"`
	SplayS    int    `json:"splay_s,omitempty"`
	Entry     string `json:"entry,omitempty"`
}

// timerTime bounds crontab, systemctl and schtasks.
const timerTime = 30 * time.Second

func (c *installCmd) Run(a *app) error {
	table, err := a.timetable(c.Systemd)
	if err != nil {
		return err
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	entry, err := a.entry(cfg, c.Print)
	if err != nil {
		return err
	}
	changed, caveat := false, ""
	if !c.Print {
		ctx, cancel := a.deadline(timerTime)
		defer cancel()
		if changed, err = table.Install(ctx, entry); err != nil {
			return err
		}
		if t, ok := table.(timer.Caveater); ok {
			caveat = t.Caveat(ctx)
		}
	}
	switch {
	case a.JSON:
		err = a.printJSON(timerDocument{document{schemaVersion}, table.Name(), changed, int(entry.Splay / time.Second), table.Print(entry)})
	case c.Print:
		_, err = fmt.Fprint(a.out, table.Print(entry))
	case changed:
		_, err = fmt.Fprintf(a.out, "%s: virgo runs once a minute, %s into it\n", table.Name(), entry.Splay)
	default:
		_, err = fmt.Fprintf(a.out, "%s: nothing to do, virgo is there\n", table.Name())
	}
	if caveat != "" {
		a.notice("%s", caveat)
	}
	return err
}

func (c *uninstallCmd) Run(a *app) error {
	table, err := a.timetable(c.Systemd)
	if err != nil {
		return err
	}
	changed := false
	if !c.Print {
		ctx, cancel := a.deadline(timerTime)
		defer cancel()
		if changed, err = table.Uninstall(ctx); err != nil {
			return err
		}
	}
	switch {
	case a.JSON:
		return a.printJSON(timerDocument{document: document{schemaVersion}, Timetable: table.Name(), Changed: changed})
	case c.Print:
		_, err = fmt.Fprintf(a.out, "%s: the entry of `virgo install` would be taken off; configuration and state stay\n", table.Name())
	case changed:
		_, err = fmt.Fprintf(a.out, "%s: virgo is taken off; configuration and state stay\n", table.Name())
	default:
		_, err = fmt.Fprintf(a.out, "%s: nothing to do, virgo is not there\n", table.Name())
	}
	return err
}

func (a *app) timetable(systemd bool) (timer.Timetable, error) {
	if !systemd {
		return timer.Native(), nil
	}
	home := a.getenv("XDG_CONFIG_HOME")
	if home == "" {
		home = filepath.Join(a.getenv("HOME"), ".config")
	}
	if table, ok := timer.NativeSystemd(os.Geteuid() == 0, home); ok {
		return table, nil
	}
	return nil, usageError("this system has no systemd")
}

// entry is what to start: this very program, with the files that this call was given or would find,
// where a run from the timetable would look elsewhere.
func (a *app) entry(cfg config.Config, printing bool) (timer.Entry, error) {
	program, err := os.Executable()
	if err != nil {
		return timer.Entry{}, fmt.Errorf("finding this program's own path: %w", err)
	}
	if !printing && strings.HasPrefix(program, filepath.Clean(os.TempDir())+string(filepath.Separator)) {
		return timer.Entry{}, &exitError{exitUsage, withHint{
			errors.New("this program lies in the temporary folder and will not be there tomorrow"),
			"go build -o virgo ./cmd/virgo, move it where it stays, and call that",
		}}
	}
	e := timer.Entry{Program: program, Splay: config.Splay(cfg.AgentID, maxSplay)}
	paths, usual := a.paths(), config.DefaultPaths(func(name string) string {
		if name == "HOME" || name == "ProgramData" {
			return a.getenv(name)
		}
		return "" // a timetable's run has no XDG_… and no VIRGO_…
	})
	for _, f := range []struct{ name, here, usual string }{
		{"config", paths.Config, usual.Config},
		{"state", paths.State, usual.State},
		{"plugins", paths.Plugins, usual.Plugins},
		{"checks-program", a.ChecksProgram, ""}, // where none is named it lies beside this program
	} {
		if f.here == f.usual {
			continue
		}
		abs, err := filepath.Abs(f.here)
		if err != nil {
			return e, fmt.Errorf("resolving %q: %w", f.here, err)
		}
		e.Flags = append(e.Flags, "--"+f.name+"="+abs)
	}
	return e, nil
}
