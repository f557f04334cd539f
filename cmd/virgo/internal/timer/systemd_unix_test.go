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

// standIn puts a script before the program of its name.
func standIn(t *testing.T, name, script string) {
	t.Helper()
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
}

// The units are written for real; systemctl is a script that notes what it was asked, because a test host has no
// systemd of its own to change.
func TestSystemdTimerIsPutInOnceAndTakenOff(t *testing.T) {
	dir, asked := filepath.Join(t.TempDir(), "units"), filepath.Join(t.TempDir(), "asked")
	standIn(t, "systemctl", "echo \"$@\" >>'"+asked+"'")
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

// What systemctl says in a container and after su: nothing is written that nobody would start.
func TestSystemdThatDoesNotAnswer(t *testing.T) {
	for said, c := range map[string]struct {
		user bool
		next string
	}{
		"System has not been booted with systemd as init system (PID 1). Can't operate.":                                  {false, "use the crontab: `virgo install`"},
		"Failed to connect to bus: $DBUS_SESSION_BUS_ADDRESS and $XDG_RUNTIME_DIR not defined (consider using --machine)": {true, "log in as this user (su and sudo are no login), or use the crontab: `virgo install`"},
	} {
		standIn(t, "systemctl", "cat >&2 <<'END'\n"+said+"\nEND\nexit 1")
		dir := filepath.Join(t.TempDir(), "units")
		_, err := Systemd{Dir: dir, User: c.user}.Install(t.Context(), entry)
		var hint *HintError
		if !errors.As(err, &hint) || hint.Next != c.next || !strings.Contains(err.Error(), said) {
			t.Errorf("%v", err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the units were written: %v", err)
		}
	}
}

// A user's timer ends with the last session, unless the user lingers.
func TestSystemdOfAUserThatDoesNotLinger(t *testing.T) {
	for _, c := range []struct {
		user    bool
		linger  string
		caveats bool
	}{
		{true, "echo Linger=no", true},
		{true, "echo Linger=yes", false},
		{true, "exit 1", false}, // no logind
		{false, "echo Linger=no", false},
	} {
		standIn(t, "loginctl", c.linger)
		if said := (Systemd{User: c.user}).Caveat(t.Context()); strings.Contains(said, "loginctl enable-linger") != c.caveats {
			t.Errorf("%+v: %q", c, said)
		}
	}
}
