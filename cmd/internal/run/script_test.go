package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/collect"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// A run notes how the scripts of the installed bundle did, and says when it does worse than the one before.
func TestStandingOfScripts(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	failed := errors.New("no such host")
	b.Registry = newRegistry(t, collect.Type{Name: "script.a", Checker: collect.CheckerFunc(
		func(context.Context, collect.Request) (collect.Report, error) { return collect.Report{}, failed },
	)}, collect.Type{Name: "script.own", Checker: collect.CheckerFunc(
		func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{}, &collect.FailedError{Kind: "error", Text: "own.lua:1: no"}
		},
	)})
	if err := os.MkdirAll(b.ChecksDir, 0o700); err != nil {
		t.Fatal(err)
	}
	checks := "- {id: a, type: script.a, period: 30s}\n- {id: own, type: script.own, period: 30s}\n"
	if err := os.WriteFile(filepath.Join(b.ChecksDir, "a.yaml"), []byte(checks), 0o600); err != nil {
		t.Fatal(err)
	}
	current := installed.Installed{Current: installed.Ref{Name: "standard", Version: "1.0.0", SHA256: "one", SinceMS: b.clock.UnixMilli()}, State: installed.OnTrial}
	used := "one"
	b.Agent.Bundle = func(checkType string) (string, bool) { return used, checkType != "script.own" }
	store := func() {
		t.Helper()
		if err := installed.Save(t.Context(), b.Spool, current); err != nil {
			t.Fatal(err)
		}
	}
	run := func() installed.Verdict {
		t.Helper()
		b.clock = b.clock.Add(time.Minute)
		rep, err := b.Run(t.Context(), Options{})
		if err != nil || rep.Due != 2 {
			t.Fatalf("%+v, %v", rep, err)
		}
		return rep.Verdict
	}
	store()
	for n := range 3 {
		if v := run(); v.Decision != map[bool]installed.Decision{true: installed.Keep}[n == 2] {
			t.Errorf("run %d: %+v", n, v)
		}
	}
	current.State, current.Previous = installed.OnTrial, current.Current
	current.Current = installed.Ref{Name: "standard", Version: "2.0.0", SHA256: "two", SinceMS: b.clock.UnixMilli()}
	store()
	failed = &collect.FailedError{Kind: "error", Text: "a.lua:12: attempt to index nil"}
	if v := run(); v.SHA256 != "" { // the bundle before, as the new one is damaged
		t.Errorf("%+v", v)
	}
	used = "two"
	if v := run(); v.Decision != installed.Wait {
		t.Errorf("%+v", v)
	}
	want := installed.Verdict{
		Decision: installed.Back, SHA256: "two", Version: "2.0.0",
		Reason: "script.a fails (a.lua:12: attempt to index nil) and did not before",
	}
	if v := run(); v != want {
		t.Errorf("%+v", v)
	}
	err := b.Spool.View(t.Context(), func(tx *spool.Tx) error {
		if s := installed.ReadStanding(tx); len(s.Checks) != 1 || s.Checks["a"].Streak != 2 {
			t.Errorf("%+v", s)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A run without a due script asks nothing about scripts, even while a bundle is on trial: what hello says of it comes
// from the state that the run reads anyway.
func TestRunWithoutScripts(t *testing.T) {
	b := newBench(t, transporttest.Script{})
	b.Registry = b.Registry.WithFamily("script.", func() []collect.Type {
		t.Error("the types of scripts were looked up")
		return nil
	})
	b.Agent.Bundle = func(string) (string, bool) {
		t.Error("the bundle was asked for")
		return "", false
	}
	writeCheck(t, b.ChecksDir, "a")
	err := installed.Save(t.Context(), b.Spool, installed.Installed{Current: installed.Ref{Version: "1.4.0", SHA256: "one"}, State: installed.OnTrial})
	if err != nil {
		t.Fatal(err)
	}
	if rep := b.run(); rep.Due != 1 || rep.Summary.Version != "1.4.0" || rep.Verdict != (installed.Verdict{}) {
		t.Errorf("%+v", rep)
	}
	if hello := string(b.endpoint.Hello()); !strings.Contains(hello, `"bundle_version":"1.4.0","bundle_state":"trial"`) {
		t.Error(hello)
	}
}
