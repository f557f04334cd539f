//go:build unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// roleVariable makes the test binary act as a plugin.
const roleVariable = "PLUGIN_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(runRole(role, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// runRole is the main function of a plugin's process. The last argument names a pipe, into which it
// writes once it is set up and which it keeps open until it ends.
func runRole(role string, args []string) int {
	write := func() int {
		w, err := os.OpenFile(args[len(args)-1], os.O_WRONLY, 0)
		if err != nil {
			fmt.Println(err)
			return 1
		} // A full pipe blocks until the test closes it, so that no test leaves a process.
		for err == nil {
			_, err = w.WriteString("r")
		}
		return 0
	}
	switch role {
	case "write":
		return write()
	case "push":
		return push()
	case "flood":
		w, err := os.OpenFile(args[0], os.O_WRONLY, 0)
		if err != nil {
			return 1
		}
		defer w.Close()
		w.WriteString("r")
		fmt.Println("status the beginning")
		chunk := []byte(strings.Repeat("metric a string "+strings.Repeat("b", 200)+"\n", 500))
		for n := 0; n < 1<<30; n += len(chunk) {
			if _, err := os.Stdout.Write(chunk); err != nil {
				return 1
			}
		}
		return 0
	}
	// The other roles are chains such as "setsid,orphan,bare,write", in which each step is a
	// process.
	step, rest, _ := strings.Cut(role, ",")
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+rest)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	switch step {
	case "setsid": // in a new session; the parent waits
		cmd.SysProcAttr.Setsid = true
	case "bare": // with an empty environment; the parent waits
		cmd.Env = []string{roleVariable + "=" + rest}
	case "stay": // the parent never exits
	case "orphan", "leave": // the parent exits at once
	}
	if step == "leave" {
		cmd.Stdout = os.Stdout // keeps the plugin's output open
		fmt.Println("status left something behind")
	}
	if err := cmd.Start(); err != nil {
		return 1
	}
	if step == "orphan" || step == "leave" {
		return 0
	}
	cmd.Wait()
	if step == "stay" {
		waitForever()
	}
	return 0
}

// waitForever reads from a pipe that nobody writes to.
func waitForever() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	io.Copy(io.Discard, r)
	w.Close() // not before, which would end the pipe
}

// A pipe is a named pipe that the plugin's processes keep open.
type pipe struct {
	path string
	r    *os.File
}

func newPipe(t *testing.T) *pipe {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	// O_NONBLOCK opens without a writer; the runtime's poller makes reads wait.
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &pipe{path, r}
}

// waitBytes waits until n bytes were written to the pipe.
func (p *pipe) waitBytes(n int) error {
	p.r.SetReadDeadline(time.Now().Add(30 * time.Second)) // a failure, not a hang
	buf := make([]byte, 4<<10)
	for got := 0; got < n; {
		m, err := p.r.Read(buf)
		if got += m; err != nil && err != io.EOF { // EOF: no writer yet
			return err
		}
		if m == 0 {
			runtime.Gosched()
		}
	}
	return nil
}

// waitClosed waits until no process has the pipe open.
func (p *pipe) waitClosed() error {
	p.r.SetReadDeadline(time.Now().Add(30 * time.Second)) // a failure, not a hang
	_, err := io.Copy(io.Discard, p.r)
	return err
}

// roleScript returns a plugin that runs the test binary in a role.
func roleScript(t *testing.T, role string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("#!/bin/sh\n%s=%s exec %s \"$@\"\n", roleVariable, role, shorttext.QuoteShell(exe))
}

// TestStopEndsTree: when a plugin is stopped, all processes that it started end, whatever they did
// to escape.
func TestStopEndsTree(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		writes     int
		linux      bool // other systems do not find it
	}{
		{"alone", roleScript(t, "write"), 1, false},
		{"children", "#!/bin/sh\n(echo r; exec sleep 1000) >$1 &\n(echo r; exec sleep 1000) >$1 &\necho r >$1\nwait\n", 3, false},
		{"ignores SIGTERM", "#!/bin/sh\ntrap '' TERM HUP INT\nexec 3>$1\necho r >&3\nwhile :; do sleep 1000; done\n", 1, false},
		{"child ignores SIGTERM", "#!/bin/sh\n(trap '' TERM; exec 3>$1; echo r >&3; while :; do sleep 1000; done) &\nwait\n", 1, false},
		{"stopped", "#!/bin/sh\nexec 3>$1\necho r >&3\nkill -STOP $$\n", 1, false},
		{"new session", roleScript(t, "setsid,write"), 1, true},
		{"orphan in a new session", roleScript(t, "stay,setsid,orphan,write"), 1, true},
		{"without an environment", roleScript(t, "setsid,bare,write"), 1, true},
		{"orphan's orphan", roleScript(t, "stay,orphan,setsid,orphan,setsid,write"), 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.linux && runtime.GOOS != "linux" {
				t.Skip("only Linux finds processes outside the process group (/proc)")
			}
			dir, p := folder(t), newPipe(t)
			install(t, dir, "p", tt.body)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ready := make(chan error, 1)
			go func() {
				ready <- p.waitBytes(tt.writes)
				cancel()
			}()
			_, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{p.path}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the plugin exited by itself: %v", err)
			}
			if err := <-ready; err != nil {
				t.Fatal(err)
			}
			if err := p.waitClosed(); err != nil {
				t.Errorf("a process is left: %v", err)
			}
		})
	}
}

// TestTermBeforeKill: a plugin has time to clean up on SIGTERM.
func TestTermBeforeKill(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "p", "#!/bin/sh\ntrap 'echo cleaned up >clean; exit 0' TERM\necho r >$1\nwhile :; do sleep 0.01; done\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		p.waitBytes(1)
		cancel()
	}()
	if _, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{p.path}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "clean")); err != nil || string(b) != "cleaned up\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestDetachedProcess: a process that a plugin leaves running, such as a service, does not delay
// the check and is not ended.
func TestDetachedProcess(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "p", roleScript(t, "leave,setsid,write"))
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "args": []any{p.path}})
	if err != nil || r.Status != "left something behind" {
		t.Errorf("status %q, error %v", r.Status, err)
	}
	// More than a pipe buffers, so the process still writes.
	if err := p.waitBytes(1 << 18); err != nil {
		t.Errorf("the detached process has ended: %v", err)
	}
}

func TestFloodIsStopped(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "flood", roleScript(t, "flood"))
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "flood", "args": []any{p.path}})
	if err != nil || !strings.HasPrefix(r.Status, "Output cut at 1 MiB. Line 3: there are two values for") || len(r.Metrics) == 0 {
		t.Errorf("status %q, %d metrics, error %v", r.Status, len(r.Metrics), err)
	}
	if err := p.waitClosed(); err != nil {
		t.Errorf("the plugin still runs: %v", err)
	}
}

// TestMuchOutput: the exit code counts where a plugin prints too much, but stops by itself.
func TestMuchOutput(t *testing.T) {
	dir := folder(t)
	install(t, dir, "p", "#!/bin/sh\necho status long\n"+`awk 'BEGIN { for (i = 0; i < 200000; i++) print "metric a" i " string b" }'`+"\nexit 4\n")
	_, err := checkIn(t.Context(), dir, schedule.Details{"file": "p"})
	if want := "Output cut at 10000 metrics: long"; errText(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
	install(t, dir, "q", "#!/bin/sh\nyes | tr -d '\\n'\n")
	_, err = checkIn(t.Context(), dir, schedule.Details{"file": "q"})
	if err == nil || !strings.HasPrefix(err.Error(), `Unrecognized line "yyyyyyyyyy`) {
		t.Errorf("a line without an end: %.80v", err)
	}
}
