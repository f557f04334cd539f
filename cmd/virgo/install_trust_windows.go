package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/config"
	"virgo/cmd/internal/timer"
	"virgo/schedule/ownership"
)

// checkInstalled checks what the task is going to use as SYSTEM: whoever can write to a program or a
// file that steers it has the whole host. Files that do not exist yet are checked by the runs.
func checkInstalled(getenv func(string) string, c timer.Command, p config.Paths) error {
	programs := []string{c.Program, filepath.Join(filepath.Dir(c.Program), "virgo.exe")}
	for _, path := range programs {
		if err := ownership.CheckForSystem(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("SYSTEM would start %q: %w", path, err),
				fmt.Sprintf("as an administrator, copy virgo.exe and virgo-run.exe to %q, and start `virgo install` there",
					programFolder(getenv)),
			))
		}
	}
	for _, path := range []string{p.Config, p.Checks, p.Plugins, p.Scripts, p.State} {
		if err := ownership.CheckForSystem(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return agent.WithCode(agent.ExitUsage, agent.WithHint(
				fmt.Errorf("SYSTEM would use %q: %w", path, err), "as an administrator: "+agent.Hint(err),
			))
		}
	}
	return nil
}

// programFolder returns virgo's folder below the one for programs, in which only administrators write.
func programFolder(env func(string) string) string {
	folder := env("ProgramFiles")
	if !filepath.IsAbs(folder) {
		folder = `C:\Program Files`
	}
	return filepath.Join(folder, "virgo")
}
