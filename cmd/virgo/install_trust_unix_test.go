//go:build unix

package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/timer"
)

// No timer is made for a program that others can replace.
func TestTimerStartsNoProgramOfOthers(t *testing.T) {
	above, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(above, "bin", "virgo-run")
	if err := errors.Join(os.Mkdir(filepath.Dir(program), 0o755), os.WriteFile(program, nil, 0o755)); err != nil {
		t.Fatal(err)
	}
	check := func() error { return checkInstalled(os.Getenv, timer.Command{Program: program}, config.Paths{}) }
	if err := check(); err != nil {
		t.Errorf("a program of this user: %v", err)
	}
	for _, open := range []string{program, filepath.Dir(program), above} {
		before, err := os.Stat(open)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(open, 0o757); err != nil {
			t.Fatal(err)
		}
		err = check()
		if agent.ExitCode(err) != agent.ExitUsage || !strings.Contains(err.Error(), open+" is writable by others") || !strings.HasPrefix(agent.Hint(err), "chmod go-w "+open+";") {
			t.Errorf("%q is open: %v; %s", open, err, agent.Hint(err))
		}
		if err := os.Chmod(open, before.Mode().Perm()); err != nil {
			t.Fatal(err)
		}
	}
}
