package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Constants of ptrace(2): PTRACE_O_TRACEEXIT and PTRACE_EVENT_EXIT.
const (
	traceExit = 0x40
	eventExit = 6
)

// measure runs a program to its end. See the package comment for why it is traced.
func measure(env []string, argv ...string) (sample, error) {
	// ptrace(2) requires that all requests for a child come from the thread that traces it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	// A file, not a pipe: it needs no reader while the program runs.
	errOut, err := os.CreateTemp("", "virgo-bench-stderr")
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(errOut.Name())
	defer errOut.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stderr = env, errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	s, err := trace(cmd.Process.Pid)
	s.Wall = time.Since(start)
	cmd.Process.Release()
	if err != nil {
		syscall.Kill(cmd.Process.Pid, syscall.SIGKILL)
		return s, fmt.Errorf("tracing %s: %w", argv[0], err)
	}
	printed, err := os.ReadFile(errOut.Name())
	s.Stderr = string(printed)
	return s, err
}

// trace traces a child from its exec to its end. Only its first thread is traced, and it stops only for
// signals and at its exit, so that tracing hardly disturbs the measurement.
func trace(pid int) (sample, error) {
	var (
		s  sample
		ws syscall.WaitStatus
		ru syscall.Rusage
	)
	if err := wait(pid, &ws, &ru); err != nil { // the stop at exec
		return s, err
	}
	if err := syscall.PtraceSetOptions(pid, traceExit); err != nil {
		return s, err
	}
	signal := 0
	for {
		if err := syscall.PtraceCont(pid, signal); err != nil && err != syscall.ESRCH {
			return s, err
		}
		signal = 0
		if err := wait(pid, &ws, &ru); err != nil {
			return s, err
		}
		switch {
		case ws.Exited() || ws.Signaled():
			s.Code = ws.ExitStatus() // -1 where a signal ended it
			s.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
			return s, nil
		case ws.Stopped() && ws.StopSignal() == syscall.SIGTRAP && ws.TrapCause() == eventExit:
			// Its memory is still there.
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
			if err != nil {
				return s, err
			}
			if err := s.readStatus(status); err != nil {
				return s, err
			}
		case ws.Stopped():
			signal = int(ws.StopSignal()) // its own, for example the Go runtime's SIGURG
		}
	}
}

func wait(pid int, ws *syscall.WaitStatus, ru *syscall.Rusage) error {
	for {
		if _, err := syscall.Wait4(pid, ws, 0, ru); err != syscall.EINTR {
			return err
		}
	}
}

// readStatus sets the memory figures from a status file (proc_pid_status(5)).
func (s *sample) readStatus(status []byte) error {
	for line := range bytes.Lines(status) {
		name, rest, _ := strings.Cut(string(line), ":")
		var figure *int64
		switch name {
		case "VmHWM":
			figure = &s.Peak
		case "VmRSS":
			figure = &s.Resident
		case "RssAnon":
			figure = &s.Anonymous
		default:
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		*figure = kib << 10
	}
	return nil
}
