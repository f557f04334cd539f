//go:build unix

package timer

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The units are written for real; systemctl is a script that notes what it was asked, because a test host has no
// systemd of its own to change.
func TestSystemdTimerIsPutInOnceAndTakenOff(t *testing.T) {
	bin, dir := t.TempDir(), filepath.Join(t.TempDir(), "units")
	asked := filepath.Join(bin, "asked")
	script := "#!/bin/sh\necho \"$@\" >>'" + asked + "'\n"
	if err := os.WriteFile(filepath.Join(bin, "systemctl"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
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
	want := strings.Join([]string{
		"--user daemon-reload", "--user enable --now virgo.timer", // put in
		"--user enable --now virgo.timer",                         // again
		"--user daemon-reload", "--user enable --now virgo.timer", // another splay
		"--user disable --now virgo.timer", "--user daemon-reload", // taken off
	}, "\n") + "\n"
	if err != nil || string(b) != want {
		t.Errorf("systemctl was asked, %v:\n%s\nwant:\n%s", err, b, want)
	}
}
