package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/cmd/internal/footprint"
	"virgo/collect/collecttest"
)

// What a timer entry sets for virgo-run reaches neither the plugins that it starts nor virgo, which
// starts them in its place.
func TestTimerEntryIsForTheRunAlone(t *testing.T) {
	if !collecttest.WithTimerSlack(t) {
		return
	}
	dir := t.TempDir()
	// Whatever the umask: a plugin that a group may write is not started.
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	seen := filepath.Join(dir, "seen")
	write("virgo.yaml", "agent_id: test\n", 0o600)
	write("checks.d/plugin.yaml", "id: ch1\ntype: agent.plugin\nperiod: 60\ndetails:\n  file: tell\n", 0o600)
	// The plugin tells of itself, and of its parent; the timer slack of that needs CAP_SYS_NICE.
	write("plugins/tell", "#!/bin/sh\nexec >'"+seen+"'\n"+collecttest.PrintTimerSlack+"\necho ${GOMAXPROCS:-unset}\n"+
		"grep -ac "+footprint.OneProcessor+" /proc/$PPID/environ\nread -r ns </proc/$PPID/timerslack_ns && echo $ns\n", 0o755)
	for _, name := range []string{"plugins", "plugins/tell"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name   string
		flags  []string
		parent string // does it have the variable, and its timer slack
	}{
		{"virgo-run", nil, "1\n2000000\n"},
		{"virgo", []string{"--json"}, "0\n" + collecttest.DefaultTimerSlack + "\n"},
	} {
		args := append([]string{
			"--config=" + filepath.Join(dir, "virgo.yaml"), "--state=" + filepath.Join(dir, "state of "+tt.name),
			"--plugins=" + filepath.Join(dir, "plugins"),
		}, tt.flags...)
		run := exec.Command(filepath.Join(programs(t), "virgo-run"), args...)
		run.Env = append(os.Environ(), footprint.OneProcessor)
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("by %s: %v: %s", tt.name, err, out)
		}
		got, err := os.ReadFile(seen)
		want := collecttest.DefaultTimerSlack + "\nunset\n" + tt.parent
		if _, err := os.ReadFile(fmt.Sprintf("/proc/%d/timerslack_ns", os.Getppid())); err != nil {
			want = strings.TrimSuffix(want, tt.parent[2:])
		}
		if err != nil || string(got) != want {
			t.Errorf("a plugin started by %s told %q, want %q; %v", tt.name, got, want, err)
		}
		os.Remove(seen)
	}
}
