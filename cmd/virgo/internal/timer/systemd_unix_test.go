//go:build unix

package timer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The units are written for real; systemctl is a script that notes what it was asked, because a test host has no
// systemd of its own to change.
func TestSystemdTimerIsPutInOnceAndTakenOff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "units")
	asked := filepath.Join(t.TempDir(), "asked")
	fakeProgram(t, "systemctl", "echo \"$@\" >>'"+asked+"'")
	s := Systemd{Dir: dir, User: true}

	if changed, err := s.Install(t.Context(), entry); err != nil || !changed {
		t.Fatalf("first: %v, %v", changed, err)
	}
	if changed, err := s.Install(t.Context(), entry); err != nil || changed {
		t.Fatalf("again: %v, %v", changed, err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "virgo.timer")); err != nil || !strings.Contains(string(b), "OnCalendar=*:*:17\n") {
		t.Errorf("the timer: %q, %v", b, err)
	}
	other := entry
	other.Splay = 0
	if changed, err := s.Install(t.Context(), other); err != nil || !changed {
		t.Errorf("another splay: %v, %v", changed, err)
	}
	if changed, err := s.Uninstall(t.Context()); err != nil || !changed {
		t.Errorf("off: %v, %v", changed, err)
	}
	if changed, err := s.Uninstall(t.Context()); err != nil || changed {
		t.Errorf("off again: %v, %v", changed, err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	b, err := os.ReadFile(asked)
	const asks = "--user show --property=Version"
	want := strings.Join([]string{
		asks, "--user daemon-reload", "--user enable --now virgo.timer", // put in
		asks, "--user enable --now virgo.timer", // again
		asks, "--user daemon-reload", "--user enable --now virgo.timer", // another splay
		asks, "--user disable --now virgo.timer", "--user daemon-reload", // taken off
	}, "\n") + "\n"
	if err != nil || string(b) != want {
		t.Errorf("systemctl was asked, %v:\n%s\nwant:\n%s", err, b, want)
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

// The words are systemctl's on Debian 12, after su.
func TestSystemdThatDoesNotAnswer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "units")
	fakeProgram(t, "systemctl", "echo 'Failed to connect to bus: No medium found' >&2; exit 1")
	for _, c := range []struct {
		s    Systemd
		hint string
	}{{Systemd{Dir: dir, User: true}, "su and sudo are no login"}, {Systemd{Dir: dir}, "use the crontab"}} {
		_, err := c.s.Install(t.Context(), entry)
		var hint *HintError
		if !errors.As(err, &hint) || !strings.Contains(err.Error(), "No medium found") || !strings.Contains(hint.Hint(), c.hint) {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("written all the same: %v", err)
		}
	}
}

func TestUserTimerEndsWithTheSession(t *testing.T) {
	for said, want := range map[string]bool{"echo Name=bob; echo Linger=no": true, "echo Name=bob; echo Linger=yes": false, "exit 1": false} {
		fakeProgram(t, "loginctl", said)
		if got := (Systemd{User: true}).Caveat(t.Context()); strings.Contains(got, "`loginctl enable-linger bob`") != want {
			t.Errorf("%s: %q", said, got)
		}
		if got := (Systemd{}).Caveat(t.Context()); got != "" {
			t.Errorf("of the system, %s: %q", said, got)
		}
	}
}
