package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/hostkey"
)

// stateFiles are names of which a state folder has at least one.
var stateFiles = [...]string{"virgo.db", "deliver.lock", hostkey.KeyFile, hostkey.TokenFile}

// purged returns what `virgo uninstall --purge` removes: the state, then the configuration. That is the
// folder of virgo.yaml with its token and keys if it has virgo's name, without the plugins; of another
// folder only virgo.yaml and checks.d.
func purged(p config.Paths) ([]string, error) {
	var all []string
	state, err := filepath.Abs(p.State)
	if err != nil {
		return nil, fmt.Errorf("resolving %q: %w", p.State, err)
	}
	switch info, err := os.Lstat(state); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, fmt.Errorf("looking for the state: %w", err)
	case !info.IsDir() || !isState(state):
		return nil, agent.WithHint(
			fmt.Errorf("%q is not a state folder of virgo", state), "give the folder with --state, or remove it yourself")
	default:
		all = append(all, state)
	}
	folder, err := filepath.Abs(filepath.Dir(p.Config))
	if err != nil {
		return nil, fmt.Errorf("resolving %q: %w", p.Config, err)
	}
	names := []string{filepath.Base(p.Config), filepath.Base(p.Checks)}
	if filepath.Base(folder) == "virgo" {
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("looking for the configuration: %w", err)
		}
		names = nil
		for _, e := range entries {
			names = append(names, e.Name())
		}
	}
	for _, name := range names {
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); err == nil && path != filepath.Clean(p.Plugins) && path != filepath.Clean(p.Scripts) && path != state {
			all = append(all, path)
		}
	}
	return all, nil
}

func isState(folder string) bool {
	for _, name := range stateFiles {
		if _, err := os.Lstat(filepath.Join(folder, name)); err == nil {
			return true
		}
	}
	names, err := os.ReadDir(folder)
	return err == nil && len(names) == 0
}

// purge removes these files and folders, and the folder virgo that held them if nothing is left in it.
func purge(paths []string) error {
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing %q: %w", path, err)
		}
	}
	for _, path := range paths {
		if folder := filepath.Dir(path); filepath.Base(folder) == "virgo" {
			_ = os.Remove(folder) // fails where other files are in it
		}
	}
	return nil
}
