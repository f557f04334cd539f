//go:build unix

package timer

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"virgo/collect/collecttest"
)

// The units are files in a temporary folder; systemctl is a script that records its arguments.
func TestSystemdInstallAndUninstall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "units")
	calls := filepath.Join(t.TempDir(), "calls")
	fakeProgram(t, "systemctl", "echo \"$@\" >>'"+calls+"'")
	s := Systemd{Dir: dir, User: true}

	if changed, err := s.Install(t.Context(), smallEntry); err != nil || !changed {
		t.Fatalf("first: %v, %v", changed, err)
	}
	if changed, err := s.Install(t.Context(), smallEntry); err != nil || changed {
		t.Fatalf("again: %v, %v", changed, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "virgo.timer")); err != nil || !strings.Contains(string(b), "OnCalendar=*:*:17\n") {
		t.Errorf("the timer: %q, %v", b, err)
	}
	for _, name := range []string{serviceUnit, timerUnit} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o644 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	other := smallEntry
	other.Splay = 0
	if changed, err := s.Install(t.Context(), other); err != nil || !changed {
		t.Errorf("another splay: %v, %v", changed, err)
	}
	service := filepath.Join(dir, serviceUnit)
	current, err := os.ReadFile(service)
	if err != nil {
		t.Fatal(err)
	}
	older := strings.NewReplacer("Environment=GOMAXPROCS=1\n", "", "TimerSlackNSec=2ms\n", "", "TimeoutStopSec=10\n", "", "Delegate=memory pids\n", "", "virgo-run", "virgo").Replace(string(current))
	if err := os.WriteFile(service, []byte(older), 0o644); err != nil {
		t.Fatal(err)
	}
	if changed, err := s.Install(t.Context(), other); err != nil || !changed {
		t.Errorf("an older unit: %v, %v", changed, err)
	}
	if b, err := os.ReadFile(service); err != nil || string(b) != string(current) {
		t.Errorf("the older unit became %q, %v", b, err)
	}
	if changed, err := s.Uninstall(t.Context()); err != nil || !changed {
		t.Errorf("uninstall: %v, %v", changed, err)
	}
	if changed, err := s.Uninstall(t.Context()); err != nil || changed {
		t.Errorf("uninstall again: %v, %v", changed, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	b, err := os.ReadFile(calls)
	const ping = "--user show --property=Version"
	want := strings.Join([]string{
		ping, "--user daemon-reload", "--user enable --now virgo.timer", // install
		ping, "--user enable --now virgo.timer", // again
		ping, "--user daemon-reload", "--user enable --now virgo.timer", // another splay
		ping, "--user daemon-reload", "--user enable --now virgo.timer", // an older unit
		ping, "--user disable --now virgo.timer", "--user daemon-reload", // uninstall
	}, "\n") + "\n"
	if err != nil || string(b) != want {
		t.Errorf("systemctl was called, %v:\n%s\nwant:\n%s", err, b, want)
	}
}

// systemd 252 ignores a key or value that it does not know, with a line that names the unit.
func TestSystemdKnowsTheUnits(t *testing.T) {
	analyze := collecttest.Program(t, "systemd-analyze", "systemd")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := Systemd{Dir: dir}
	verify := func() string {
		t.Helper()
		out, err := exec.Command(analyze, "verify", filepath.Join(dir, timerUnit), filepath.Join(dir, serviceUnit)).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		var ours strings.Builder // of the host's other units it may complain as well
		for l := range strings.Lines(string(out)) {
			if strings.Contains(l, "virgo.") {
				ours.WriteString(l)
			}
		}
		return ours.String()
	}
	for _, u := range s.units(Entry{Command: Command{Program: program}, Flags: entry.Flags, Splay: entry.Splay}) {
		if err := writeFile(filepath.Join(dir, u.name), u.text); err != nil {
			t.Fatal(err)
		}
	}
	if got := verify(); got != "" {
		t.Errorf("systemd-analyze verify: %s", got)
	}
	service := filepath.Join(dir, serviceUnit)
	b, err := os.ReadFile(service)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(string(b), "TimerSlackNSec=2ms", "TimerSlackNSec=2 moments", 1)
	if err := writeFile(service, wrong); err != nil {
		t.Fatal(err)
	}
	if got := verify(); !strings.Contains(got, "2 moments") {
		t.Errorf("systemd-analyze verify does not see a wrong value: %q", got)
	}
}

// fakeProgram puts a script first in PATH.
func fakeProgram(t *testing.T, name, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// The output is that of systemctl on Debian 12, after su.
func TestSystemdDoesNotAnswer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "units")
	fakeProgram(t, "systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1")
	for _, c := range []struct {
		s    Systemd
		hint string
	}{{Systemd{Dir: dir, User: true}, "su and sudo do not suffice"}, {Systemd{Dir: dir}, "use the crontab"}} {
		_, err := c.s.Install(t.Context(), entry)
		var hint *HintError
		if !errors.As(err, &hint) || !strings.Contains(err.Error(), "No medium found") || !strings.Contains(hint.Hint(), c.hint) {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("units were written: %v", err)
		}
	}
}

func TestUserTimerWarnsWithoutLinger(t *testing.T) {
	for script, want := range map[string]bool{
		"echo Name=bob; echo Linger=no": true, "echo Name=bob; echo Linger=yes": false, "exit 1": false,
	} {
		fakeProgram(t, "loginctl", script)
		if got := (Systemd{User: true}).Warning(t.Context()); strings.Contains(got, "`loginctl enable-linger bob`") != want {
			t.Errorf("%s: %q", script, got)
		}
		if got := (Systemd{}).Warning(t.Context()); got != "" {
			t.Errorf("system timer, %s: %q", script, got)
		}
	}
}
