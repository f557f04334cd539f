package agent

import (
	"errors"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/scriptbundle"
)

// A bundle of which no script can be loaded stays where no script can run without it either.
func TestUnloadableOnThisHost(t *testing.T) {
	p := &Program{Settings: Settings{Config: t.TempDir() + "/virgo.yaml", State: t.TempDir()}, Getenv: func(string) string { return "" }}
	broken := errors.New("virgo is of another build")
	p.WorkerPath = func() (string, error) { return "", broken }
	l, err := installed.New(p.State).Lock()
	if err != nil {
		t.Fatal(err)
	}
	i, err := l.Install(installed.Candidate{Ref: installed.Ref{Name: "a", Version: "1.0.0"}, File: []byte("a")}, installed.Allow{}, time.Now())
	l.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	v := installed.Verdict{Decision: installed.Back, SHA256: i.Current.SHA256, Version: "1.0.0", Unloadable: true}
	if err := p.judgeBundle(t.Context(), nil, v); !errors.Is(err, broken) {
		t.Errorf("%v, want %v", err, broken)
	}
	if now, err := l.Installed(); err != nil || now.Current != i.Current {
		t.Errorf("%+v, %v, want %+v", now, err, i)
	}
}

// Where no script can run, that says nothing of a bundle which is to be installed.
func TestCheckDeclaredWhereNothingRuns(t *testing.T) {
	p := &Program{Settings: Settings{Config: t.TempDir() + "/virgo.yaml", State: t.TempDir()}, Getenv: func(string) string { return "" }}
	broken := errors.New("virgo is of another build")
	p.WorkerPath = func() (string, error) { return "", broken }
	b := &scriptbundle.Bundle{Manifest: scriptbundle.Manifest{Scripts: []scriptbundle.Script{{File: "a.lua", Type: "script.a"}}}}
	err := p.CheckDeclared(t.Context(), installed.Candidate{File: []byte("a")}, b)
	if !errors.Is(err, installed.ErrNotChecked) || !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}
