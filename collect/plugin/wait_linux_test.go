package plugin

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/schedule"
)

// TestWaitDoesNotReap: both ways of waiting notice the exit and do not reap the process.
func TestWaitDoesNotReap(t *testing.T) {
	for name, wait := range map[string]func(pid int) bool{
		"poller": func(pid int) bool { return pollExit(pid) == nil },
		"thread": func(pid int) bool { return childEnded(pid, 0) },
	} {
		cmd := exec.Command("/bin/sh", "-c", "read x; exit 3")
		in, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if childEnded(cmd.Process.Pid, unix.WNOHANG) {
			t.Errorf("%s: reported as exited while it runs", name)
		}
		done := make(chan bool, 1)
		go func() { done <- wait(cmd.Process.Pid) }()
		in.Close()
		if !<-done || !childEnded(cmd.Process.Pid, unix.WNOHANG) {
			t.Errorf("%s: did not wait for the exit", name)
		}
		if state := (waiter{}).reap(cmd.Process); state == nil || state.ExitCode() != 3 {
			t.Errorf("%s: %v", name, state)
		}
	}
	if err := pollExit(-1); err == nil {
		t.Error("polled PID -1")
	}
	if !childEnded(os.Getpid(), 0) {
		t.Error("waits for a process that is not a child")
	}
}

// TestHundredPlugins: a hundred plugins take few threads, and are ended together.
func TestHundredPlugins(t *testing.T) {
	const n = 100
	dir, p := folder(t), newPipe(t)
	install(t, dir, "p", "#!/bin/sh\nexec 3>$1\necho r >&3\nexec sleep 1000\n")
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			_, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{p.path}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the plugin exited by itself: %v", err)
			}
		})
	}
	if err := p.waitBytes(2 * n); err != nil { // a byte and a newline each
		t.Error(err)
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil || len(tasks) > n/2 {
		t.Errorf("%d threads (%v)", len(tasks), err)
	}
	cancel()
	all.Wait()
	if err := p.waitClosed(); err != nil {
		t.Errorf("a process is left: %v", err)
	}
}
