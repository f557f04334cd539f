package bundle

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/collect/script/api"
	"virgo/collect/script/lint"
	"virgo/collect/script/trial"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

func folder(t *testing.T) trial.Folder {
	t.Helper()
	f, err := trial.ReadFolder(Files)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// runWith runs a script in a world, with the guard that an owner's own script has.
func runWith(t *testing.T, name string, details schedule.Details, world script.World) *trial.Outcome {
	t.Helper()
	return runFor(t, name, trial.Run{Details: details, Now: time.Now()}, world)
}

// runFor is runWith at a time, with what the script saved before.
func runFor(t *testing.T, name string, run trial.Run, world script.World) *trial.Outcome {
	t.Helper()
	run.Type = scriptbundle.TypePrefix + name
	opt := script.Options{
		Modules: api.Modules(),
		World:   world,
		Guard: func(s scriptbundle.Script, own bool, req collect.Request) (script.Guard, error) {
			return policy.Grants{}.Guard(policy.ScriptCheck{
				Definition: schedule.Definition{Type: s.Type, Details: s.Details}, Needs: s.Needs, Details: req.Check.Details, Own: own,
			})
		},
	}
	o, err := trial.Do(t.Context(), opt, folder(t).For(name+".lua"), run)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// tested runs all tests once: they are compared, and the documentation lists the metrics that they report.
var tested = sync.OnceValues(func() (map[string][]trial.Result, error) {
	f, err := trial.ReadFolder(Files)
	if err != nil {
		return nil, err
	}
	results := map[string][]trial.Result{}
	for _, file := range f.Tests() {
		job := trial.Job{Files: f.For(file), Test: &trial.TestJob{File: file}}
		answer, err := job.Do(context.Background(), script.Options{Modules: api.Modules()})
		if err != nil {
			return nil, err
		}
		results[file] = answer.Results
	}
	return results, nil
})

// Every published script passes its tests, which run without this host: only captured input is there.
func TestScripts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the captured paths are those of Unix")
	}
	all, err := tested()
	if err != nil {
		t.Fatal(err)
	}
	for _, results := range all {
		for _, r := range results {
			if r.Fault != "" {
				t.Errorf("%s:%d: %s: %s", r.File, r.Line, r.Name, r.Fault)
			}
		}
	}
}

// Every script has tests, and every file is free of what virgo script check finds.
func TestScriptsAreChecked(t *testing.T) {
	f := folder(t)
	others := map[string][]byte{}
	for _, name := range f.Files() {
		others[name] = []byte(f[name])
	}
	hasTests := map[string]bool{}
	for _, file := range f.Tests() {
		hasTests[trial.ScriptOf(file)] = true
	}
	for name, text := range f {
		if trial.IsTest(name) || others[name] != nil {
			for _, finding := range lint.Check(name, []byte(text), others) {
				t.Error(finding)
			}
		}
		if others[name] != nil && trial.IsScript(name) && !hasTests[name] {
			t.Errorf("%s has no tests", name)
		}
	}
}
