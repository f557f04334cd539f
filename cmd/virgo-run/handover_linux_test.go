package main

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A virgo-run that is killed takes virgo with it.
func TestVirgoEndsWithVirgoRun(t *testing.T) {
	// The orphan becomes a child of this process, which so learns how it ends.
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Skip("no subreaper: ", err)
	}
	defer unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
	c := newCouple(t, "on a signal")
	cmd := c.command("--nonsense")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := c.awaitRecord()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != -1 {
		t.Errorf("virgo-run ended with %d", code)
	}
	orphan, err := os.FindProcess(s.Pid)
	if err != nil {
		t.Fatal(err)
	}
	state, err := orphan.Wait()
	if err != nil || state.ExitCode() != onSIGTERM {
		t.Errorf("virgo ended with %v, want what it does on SIGTERM; %v", state, err)
	}
}
