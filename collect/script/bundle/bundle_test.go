package bundle

import (
	"runtime"
	"testing"

	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/lint"
	"virgo/collect/script/trial"
)

func folder(t *testing.T) trial.Folder {
	t.Helper()
	f, err := trial.ReadFolder(Files)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Every published script passes its tests, which run without this host: only captured input is there.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the captured paths are those of Unix")
	}
	f := folder(t)
	for _, file := range f.Tests() {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			job := trial.Job{Files: f.For(file), Test: &trial.TestJob{File: file}}
			answer, err := job.Do(t.Context(), script.Options{Modules: api.Modules()})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range answer.Results {
				if r.Fault != "" {
					t.Errorf("%s:%d: %s: %s", r.File, r.Line, r.Name, r.Fault)
				}
			}
		})
	}
}

// Every script has tests, and every file is free of what virgo script check finds.
func TestScriptsAreChecked(t *testing.T) {
	f := folder(t)
	others := map[string][]byte{}
	for _, name := range f.Files() {
		others[name] = []byte(f[name])
	}
	tested := map[string]bool{}
	for _, file := range f.Tests() {
		tested[trial.ScriptOf(file)] = true
	}
	for name, text := range f {
		if trial.IsTest(name) || others[name] != nil {
			for _, finding := range lint.Check(name, []byte(text), others) {
				t.Error(finding)
			}
		}
		if others[name] != nil && trial.IsScript(name) && !tested[name] {
			t.Errorf("%s has no tests", name)
		}
	}
}
