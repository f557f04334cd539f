package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/programs"
	"virgo/cmd/internal/upgrade"
	"virgo/spool"
)

// try starts the programs in a folder: each says which build it is, and makes a run in a copy of
// the state.
func (a *app) try(ctx context.Context, folder string, m programs.Manifest) error {
	cfg, err := a.LoadConfig()
	if err != nil {
		return err
	}
	state, remove, err := a.stateCopy(ctx)
	if err != nil {
		return err
	}
	defer remove()
	paths := a.Paths()
	t := upgrade.Trial{
		Folder:  folder,
		Flags:   []string{"--config=" + cfg.Source, "--state=" + state, "--plugins=" + paths.Plugins},
		Environ: trialEnviron(os.Environ(), filepath.Join(folder, programs.Names(m.OS)[0]), cfg.HasAlarmWebhook()),
	}
	if cfg.Source == "" {
		t.Flags = t.Flags[1:]
	}
	if err := t.Versions(ctx, m); err != nil {
		return trialError(m, err)
	}
	for _, name := range programs.Names(m.OS) {
		err := t.Run(ctx, name)
		if err != nil && a.failsToday(ctx, t, name, err) {
			a.Notice("the trial of the new %s failed as the one that is there does, so it is taken: %v", name, err)
			err = nil
		}
		if err != nil {
			return trialError(m, err)
		}
		a.Verbosef("%s of %s made a run", name, m.Name())
	}
	return nil
}

func trialError(m programs.Manifest, err error) error {
	return agent.WithHint(fmt.Errorf("the trial of %s failed, nothing was changed: %w", m.Name(), err),
		"virgo upgrade --check -v shows each step")
}

// failsToday reports whether the program that is there fails in the same way: then the host's
// settings are wrong, and not the new version.
func (a *app) failsToday(ctx context.Context, t upgrade.Trial, name string, failure error) bool {
	exe, err := os.Executable()
	if err != nil {
		return false
	}
	t.Folder = filepath.Dir(exe)
	var then, now *upgrade.TrialError
	return errors.As(failure, &then) && errors.As(t.Run(ctx, name), &now) &&
		now.Status == then.Status && then.Status != ""
}

// stateCopy copies the state while no run changes it. A host without any has an empty one.
func (a *app) stateCopy(ctx context.Context) (folder string, remove func(), err error) {
	state := a.Paths().State
	if _, err := os.Stat(filepath.Join(state, "virgo.db")); err != nil {
		folder, err := os.MkdirTemp("", "virgo-trial-*")
		return folder, func() { _ = os.RemoveAll(folder) }, err
	}
	cfg, err := a.LoadConfig()
	if err != nil {
		return "", nil, err
	}
	sp, err := a.OpenSpool(cfg)
	if err != nil {
		return "", nil, err
	}
	err = sp.View(ctx, func(*spool.Tx) (err error) {
		folder, remove, err = upgrade.CopyState(state)
		return err
	})
	if err != nil {
		if remove != nil {
			remove()
		}
		return "", nil, fmt.Errorf("copying the state for the trial: %w", err)
	}
	return folder, remove, nil
}

// trialEnviron lets a trial tell nobody of alarms: the next run does.
func trialEnviron(environ []string, harmless string, webhook bool) []string {
	kept := make([]string, 0, len(environ)+2)
	for _, pair := range environ {
		if name, _, _ := strings.Cut(pair, "="); !strings.HasPrefix(name, "VIRGO_ALARM_") && name != "VIRGO_STATE" {
			kept = append(kept, pair)
		}
	}
	kept = append(kept, "VIRGO_ALARM_COMMAND="+harmless+",--version")
	if webhook {
		kept = append(kept, "VIRGO_ALARM_WEBHOOK=http://127.0.0.1:9/")
	}
	return kept
}
