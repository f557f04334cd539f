package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"virgo/collect/worker"
)

// worker is that program, started when a check or a question needs it.
func (a *app) worker() *worker.Program {
	if a.checks == nil {
		a.checks = &worker.Program{
			Path:     a.checksProgram,
			Environ:  a.childEnviron,
			Settings: a.workerSettings,
			Version:  version(),
		}
	}
	return a.checks
}

// workerSettings are read only when the program is started.
func (a *app) workerSettings() (worker.Settings, error) {
	cfg, err := a.config()
	if err != nil {
		return worker.Settings{}, err
	}
	return worker.Settings{Proxy: cfg.Proxy.URL(), NoProxy: strings.Join(cfg.NoProxy, ",")}, nil
}

// checksProgram finds the program: the one that was named, or the one beside this one.
func (a *app) checksProgram() (string, error) {
	if a.ChecksProgram != "" {
		return a.ChecksProgram, nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("the program %s is looked for beside virgo, and the system does not say where that is: %w", checksProgramName, err)
	}
	folders := []string{filepath.Dir(self)}
	if real, err := filepath.EvalSymlinks(self); err == nil {
		folders = append(folders, filepath.Dir(real))
	}
	for _, folder := range folders {
		path := filepath.Join(folder, checksProgramName)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path, nil
		}
	}
	return "", fmt.Errorf("this needs the program %s, which is not in %q: install it beside virgo", checksProgramName, folders[0])
}

// childEnviron is this process's environment without what carries the agent's secrets and settings.
func (a *app) childEnviron() []string {
	return slices.DeleteFunc(a.pluginEnviron(), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return strings.HasPrefix(strings.ToUpper(name), "VIRGO_") || name == "CREDENTIALS_DIRECTORY"
	})
}
