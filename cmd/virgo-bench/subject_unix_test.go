//go:build unix

package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

// script writes a program that stands in for one of virgo's.
func script(t *testing.T, b *bench, name, text string) string {
	t.Helper()
	file := b.path(name)
	if err := os.WriteFile(file, []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestExpectOwnRun(t *testing.T) {
	b := &bench{ctx: t.Context(), dir: t.TempDir()}
	for text, want := range map[string]string{
		"echo 'delivered 7 results' >&2":                   "",
		"echo 'handing over to virgo: plain YAML ...' >&2": "are not virgo-run's own",
		"echo 'no endpoint' >&2; exit 4":                   "ended with 4: no endpoint",
	} {
		host := &subject{bench: b, name: "host", entry: timerEntry{file: script(t, b, "virgo-run", text)}}
		err := host.expectOwnRun()
		if want == "" && err == nil {
			continue
		}
		if err == nil || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTurnsExpectResults(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	b := &bench{ctx: ctx, cli: &runsCmd{Runs: 3}, dir: t.TempDir()}
	host := &subject{bench: b, name: "host", entry: timerEntry{file: script(t, b, "virgo-run", "echo one result >>"+b.path("results"))}}
	b.endpoint = script(t, b, "virgo-endpoint", `case $1 in
agents) echo '{"agents":[{"agent_id":"other","results":99},{"agent_id":"host","results":'$(wc -l <`+b.path("results")+`)'}]}';;
results) echo '{"results":[]}';;
esac`)
	runs := host.contender(1)
	all, err := b.turns(runs)
	if err != nil || len(all) != 1 || len(all[0]) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	runs.results = 2
	if _, err := b.turns(runs); err == nil || !strings.Contains(err.Error(), "3 results of host were stored, want 6") {
		t.Errorf("runs that did less: %v", err)
	}
	other := host.contender(1)
	other.host = &subject{bench: b, name: "other", entry: timerEntry{file: script(t, b, "other", "echo handing over to virgo >&2")}}
	if _, err := b.turns(other); err == nil || !strings.Contains(err.Error(), "the runs of other are not virgo-run's own") {
		t.Errorf("runs that virgo made: %v", err)
	}
	stop()
	if _, err := b.turns(runs); err == nil {
		t.Error("it went on after it was interrupted")
	}
}

func TestChecksOfHost(t *testing.T) {
	b := &bench{ctx: t.Context(), dir: t.TempDir()}
	host, err := b.enrol("host", "127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := host.addChecks(2, "agent.plugin", "file", "one.sh", "format", "virgo"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(b.path("host", "checks.d", "added.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	const one = "  type: agent.plugin\n  period: 1\n  details:\n    file: one.sh\n    format: virgo\n"
	if want := "- id: added0\n" + one + "- id: added1\n" + one; string(got) != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
