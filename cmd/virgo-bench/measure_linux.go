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

// measure runs a program to its end. See the package comment for why it is traced.
func measure(env []string, argv ...string) (sample, error) {
	// ptrace(2): all requests for a tracee come from the thread that traces it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out, err := os.CreateTemp("", "virgo-bench-out")
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(out.Name())
	defer out.Close()
	errOut, err := os.CreateTemp("", "virgo-bench-err")
	if err != nil {
		return sample{}, err
	}
	defer os.Remove(errOut.Name())
	defer errOut.Close()

	// Files, not pipes: with a pipe exec.Cmd would copy in goroutines that this process's CPU pays for.
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, out, errOut
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, fmt.Errorf("starting %s: %w", argv[0], err)
	}
	s, err := trace(cmd.Process.Pid)
	s.Wall = time.Since(start)
	if err != nil {
		cmd.Process.Kill()
		return s, fmt.Errorf("tracing %s: %w", argv[0], err)
	}
	s.Stdout, s.Stderr = content(out), content(errOut)
	return s, nil
}

func trace(pid int) (sample, error) {
	var s sample
	var ws syscall.WaitStatus
	var ru syscall.Rusage
	if _, err := syscall.Wait4(pid, &ws, 0, nil); err != nil { // the stop at exec
		return s, err
	}
	const traceExit = 0x40 // PTRACE_O_TRACEEXIT
	const eventExit = 6    // PTRACE_EVENT_EXIT
	if err := syscall.PtraceSetOptions(pid, traceExit); err != nil {
		return s, err
	}
	signal := 0
	for {
		if err := syscall.PtraceCont(pid, signal); err != nil && err != syscall.ESRCH {
			return s, err
		}
		signal = 0
		if _, err := syscall.Wait4(pid, &ws, 0, &ru); err != nil {
			if err == syscall.EINTR {
				continue
			}
			return s, err
		}
		switch {
		case ws.Exited() || ws.Signaled():
			s.Code = ws.ExitStatus()
			s.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
			return s, nil
		case ws.Stopped() && ws.StopSignal() == syscall.SIGTRAP && ws.TrapCause() == eventExit:
			if err := s.readStatus(pid); err != nil {
				return s, err
			}
		case ws.Stopped():
			signal = int(ws.StopSignal()) // its own, for example the runtime's SIGURG
		}
	}
}

// readStatus reads proc_pid_status(5).
func (s *sample) readStatus(pid int) error {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for line := range bytes.Lines(b) {
		name, rest, _ := strings.Cut(string(line), ":")
		field := map[string]*int64{"VmHWM": &s.Peak, "RssAnon": &s.Anonymous, "RssFile": &s.File}[name]
		if field == nil {
			continue
		}
		kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		*field = kb << 10
	}
	return nil
}

func content(f *os.File) string {
	b, err := os.ReadFile(f.Name())
	if err != nil {
		return err.Error()
	}
	return string(b)
}
