package main

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"virgo/cmd/internal/agent"
	"virgo/collect/worker"
)

// processTime bounds what a test waits for; none of it takes long.
const processTime = time.Minute

// A tcpCheck is a running "virgo check remote.tcp" whose server is the test: each connection shows
// that a worker runs the check.
type tcpCheck struct {
	t        *testing.T
	cmd      *exec.Cmd
	listener net.Listener
	out      bytes.Buffer
	ended    chan struct{}
}

// startTCPCheck starts virgo's file with environment variables besides the test's own.
func startTCPCheck(t *testing.T, file string, environ ...string) *tcpCheck {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "virgo.yaml")
	if err := os.WriteFile(config, []byte("agent_id: test\ntoken: env:MY_TOKEN\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &tcpCheck{t: t, listener: l, ended: make(chan struct{})}
	c.cmd = exec.Command(file, "check", "remote.tcp", "target=127.0.0.1",
		"port="+strconv.Itoa(l.Addr().(*net.TCPAddr).Port), "banner_match=good")
	c.cmd.Args[0] = "virgo"
	c.cmd.Env = append(append(os.Environ(), "NO_COLOR=1", "VIRGO_CONFIG="+config, "VIRGO_STATE="+filepath.Join(dir, "state")), environ...)
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // its error is the exit code
		close(c.ended)
		l.Close() // nothing will connect
	}()
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.ended
	})
	return c
}

// accept returns the next connection and the process that opened it.
func (c *tcpCheck) accept() (net.Conn, int) {
	c.t.Helper()
	conn, err := c.listener.Accept()
	if err != nil {
		<-c.ended
		c.t.Fatalf("no check connects: %v: %s", err, &c.out)
	}
	c.t.Cleanup(func() { conn.Close() })
	return conn, workerOf(c.t, c.cmd.Process.Pid)
}

// end waits for virgo and returns its output and exit code.
func (c *tcpCheck) end() (string, int) {
	c.t.Helper()
	<-c.ended
	return c.out.String(), c.cmd.ProcessState.ExitCode()
}

// workerOf returns the only worker process of an agent.
func workerOf(t *testing.T, agent int) int {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var workers []int
	for _, dir := range dirs {
		line, err1 := os.ReadFile(filepath.Join(dir, "cmdline"))
		status, err2 := os.ReadFile(filepath.Join(dir, "status"))
		if err1 != nil || err2 != nil || !bytes.Contains(status, fmt.Appendf(nil, "\nPPid:\t%d\n", agent)) {
			continue
		}
		if args := strings.Split(strings.TrimSuffix(string(line), "\x00"), "\x00"); slices.Equal(args, []string{"virgo", worker.Argument}) {
			pid, err := strconv.Atoi(filepath.Base(dir))
			if err != nil {
				t.Fatal(err)
			}
			workers = append(workers, pid)
		}
	}
	if len(workers) != 1 {
		t.Fatalf("virgo has the worker processes %v, want one", workers)
	}
	return workers[0]
}

func signalTo(t *testing.T, pid int, signal syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(pid, signal); err != nil {
		t.Fatal(err)
	}
}

// A worker gets no secret and no setting of the agent, and no signal of its terminal.
func TestWorkerProcessIsSeparate(t *testing.T) {
	check := startTCPCheck(t, "virgo", "MY_TOKEN=secret", "VIRGO_NO_PROXY=secret", "virgo_proxy=secret",
		"CREDENTIALS_DIRECTORY=/secret", "GOMAXPROCS=1", "OTHER=kept")
	conn, pid := check.accept()
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(environ, []byte("secret")) || bytes.Contains(bytes.ToUpper(environ), []byte("VIRGO_")) ||
		bytes.Contains(environ, []byte("GOMAXPROCS")) || !bytes.Contains(environ, []byte("\x00OTHER=kept\x00")) {
		t.Errorf("the worker's environment is %q", environ)
	}
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("the worker %d is in the process group %d (%v)", pid, group, err)
	}
	if _, err := conn.Write([]byte("220 good day\r\n")); err != nil {
		t.Fatal(err)
	}
	if out, code := check.end(); code != agent.ExitOK || !strings.HasPrefix(out, "remote.tcp  available") {
		t.Errorf("virgo ended with %d: %s", code, out)
	}
}

// A check whose worker is killed is run once more in another one; the result says what happened.
func TestWorkerProcessIsKilled(t *testing.T) {
	for signal, how := range map[syscall.Signal]string{
		syscall.SIGKILL: "signal: killed",
		syscall.SIGTERM: "signal: terminated", // oomd and people
	} {
		check := startTCPCheck(t, "virgo")
		_, first := check.accept()
		signalTo(t, first, signal)
		_, second := check.accept()
		signalTo(t, second, signal)
		want := "remote.tcp  unavailable  the worker process died while it ran this check: " + how
		if out, code := check.end(); code != agent.ExitUnexpected || !strings.HasPrefix(out, want) || first == second {
			t.Errorf("virgo ended with %d: %s, want %s", code, out, want)
		}
	}
}

// A worker ends with its agent, whatever ends that.
func TestWorkerProcessEndsWithVirgo(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGINT, syscall.SIGTERM} {
		check := startTCPCheck(t, "virgo")
		conn, pid := check.accept()
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			t.Skip("this kernel has no process file descriptors")
		}
		defer unix.Close(fd)
		signalTo(t, check.cmd.Process.Pid, signal)
		check.end()
		if err := conn.SetReadDeadline(time.Now().Add(processTime)); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(conn).ReadString('\n'); err == nil || os.IsTimeout(err) {
			t.Errorf("%v: the check still runs: %q, %v", signal, line, err)
		}
		ended := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(ended, int(processTime.Milliseconds())); n != 1 || err != nil {
			t.Errorf("%v: the worker still runs (%v)", signal, err)
		}
	}
}

// A worker is of the same build as its agent, also if an upgrade replaces or removes virgo's file
// meanwhile.
func TestWorkerProcessOfReplacedProgram(t *testing.T) {
	self, err := exec.LookPath("virgo")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	for name, replace := range map[string]func(file string) error{
		"replaced": func(file string) error {
			next := file + ".new"
			if err := os.WriteFile(next, []byte("#!/bin/sh\necho '{\"protocol\":1,\"version\":\"9\"}'\n"), 0o755); err != nil {
				return err
			}
			return os.Rename(next, file)
		},
		"removed": os.Remove,
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "virgo")
			if err := os.WriteFile(file, program, 0o755); err != nil {
				t.Fatal(err)
			}
			check := startTCPCheck(t, file)
			_, first := check.accept()
			if err := replace(file); err != nil {
				t.Fatal(err)
			}
			signalTo(t, first, syscall.SIGKILL)
			conn, second := check.accept()
			if _, err := conn.Write([]byte("220 good day\r\n")); err != nil {
				t.Fatal(err)
			}
			if out, code := check.end(); code != agent.ExitOK || first == second {
				t.Errorf("virgo ended with %d: %s", code, out)
			}
		})
	}
}
