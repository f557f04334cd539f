package worker

import (
	"context"
	"errors"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A program that a check runs does not outlive a worker that is killed, whatever group it is in.
func TestProgramsEndWithAKilledWorker(t *testing.T) {
	p := program(t, "")
	p.Describe = func(d Death) (kind, text string) { return "died", d.How }
	proc, err := p.running()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	text, err := p.HostInfo(ctx, "starts a program")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Skip("this kernel has no process file descriptors")
	}
	defer unix.Close(fd)
	if err := syscall.Kill(proc.cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	for {
		n, err := unix.Poll(ended, int(time.Minute.Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("the program still runs (%v)", err)
			syscall.Kill(pid, syscall.SIGKILL)
		}
		return
	}
}

// startProgram starts a program in a process group of its own, as package program does.
func startProgram() (any, error) {
	cmd := exec.Command("sleep", "600")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd.Process.Pid, nil
}
