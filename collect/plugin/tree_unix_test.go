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
)

// roleVariable makes the test binary a plugin's process.
const roleVariable = "PLUGIN_TEST_ROLE"

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		os.Exit(play(role, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// play is what a plugin's process does. The last argument names a pipe: letters go into it once the
// process is where it should be, and it is held open until the process dies.
func play(role string, args []string) int {
	hold := func() int {
		w, err := os.OpenFile(args[len(args)-1], os.O_WRONLY, 0)
		if err != nil {
			fmt.Println(err)
			return 1
		}
		// Once the pipe is full this waits until the reader is gone, so that no test leaves a process.
		for err == nil {
			_, err = w.WriteString("r")
		}
		return 0
	}
	switch role {
	case "hold":
		return hold()
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
	// The others are chains: "setsid,orphan,bare,hold" and so on, each a process of its own.
	step, rest, _ := strings.Cut(role, ",")
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), roleVariable+"="+rest)
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	switch step {
	case "setsid": // in a session of its own; the parent waits
		cmd.SysProcAttr.Setsid = true
	case "bare": // with nothing in its environment; the parent waits
		cmd.Env = []string{roleVariable + "=" + rest}
	case "stay": // the parent never ends by itself
	case "orphan", "leave": // the parent dies at once
	}
	if step == "leave" {
		cmd.Stdout = os.Stdout // the pipe stays open
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
		io.Copy(io.Discard, sleeper{})
	}
	return 0
}

// sleeper is a reader that never has anything.
type sleeper struct{}

func (sleeper) Read([]byte) (int, error) {
	time.Sleep(time.Hour)
	return 0, io.EOF
}

// pipe is a named pipe that the plugin's processes hold open.
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
	// Opened without waiting for a writer; reads wait by the runtime's poller.
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return &pipe{path, r}
}

// ready waits until n letters have come through the pipe.
func (p *pipe) ready(n int) error {
	p.r.SetReadDeadline(time.Now().Add(30 * time.Second)) // a hang is a failure with a message
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

// gone waits until all that held the pipe have died.
func (p *pipe) gone() error {
	p.r.SetReadDeadline(time.Now().Add(30 * time.Second)) // a hang is a failure with a message
	_, err := io.Copy(io.Discard, p.r)
	return err
}

// self is the body of a plugin that becomes the test binary in a role.
func self(t *testing.T, role string) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("#!/bin/sh\n%s=%s exec %s \"$@\"\n", roleVariable, role, shellQuoted(exe))
}

// At its end nothing of a plugin is left, whatever its processes did to get away.
func TestTheWholeTreeEnds(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		holders    int
		linux      bool // found on Linux only
	}{
		{"alone", self(t, "hold"), 1, false},
		{"children", "#!/bin/sh\n(echo r; exec sleep 1000) >$1 &\n(echo r; exec sleep 1000) >$1 &\necho r >$1\nwait\n", 3, false},
		{"deaf to TERM", "#!/bin/sh\ntrap '' TERM HUP INT\nexec 3>$1\necho r >&3\nwhile :; do sleep 1000; done\n", 1, false},
		{"deaf child", "#!/bin/sh\n(trap '' TERM; exec 3>$1; echo r >&3; while :; do sleep 1000; done) &\nwait\n", 1, false},
		{"stopped", "#!/bin/sh\nexec 3>$1\necho r >&3\nkill -STOP $$\n", 1, false},
		{"session of its own", self(t, "setsid,hold"), 1, true},
		{"orphan in a session of its own", self(t, "stay,setsid,orphan,hold"), 1, true},
		{"without an environment", self(t, "setsid,bare,hold"), 1, true},
		{"orphan's orphan", self(t, "stay,orphan,setsid,orphan,setsid,hold"), 1, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.linux && runtime.GOOS != "linux" {
				t.Skip("only Linux shows what left the process group (/proc)")
			}
			dir, p := folder(t), newPipe(t)
			install(t, dir, "p", tt.body)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			readied := make(chan error, 1)
			go func() {
				readied <- p.ready(tt.holders)
				cancel()
			}()
			_, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{p.path}})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("the plugin ended by itself: %v", err)
			}
			if err := <-readied; err != nil {
				t.Fatal(err)
			}
			if err := p.gone(); err != nil {
				t.Errorf("a process is left: %v", err)
			}
		})
	}
}

// A plugin that cleans up when it is asked to end is given the time.
func TestTermComesBeforeKill(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "p", "#!/bin/sh\ntrap 'echo cleaned up >clean; exit 0' TERM\necho r >$1\nwhile :; do sleep 0.01; done\n")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		p.ready(1)
		cancel()
	}()
	if _, err := checkIn(ctx, dir, schedule.Details{"file": "p", "args": []any{p.path}}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if b, err := os.ReadFile(filepath.Join(dir, "clean")); err != nil || string(b) != "cleaned up\n" {
		t.Errorf("%q, %v", b, err)
	}
}

// What a plugin leaves behind neither holds the run nor is ended: it may be a service that it started.
func TestAnOrphanDoesNotHoldTheRun(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "p", self(t, "leave,setsid,hold"))
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "p", "args": []any{p.path}})
	if err != nil || r.Status != "left something behind" {
		t.Errorf("status %q, error %v", r.Status, err)
	}
	// More than was in the pipe: it still writes.
	if err := p.ready(1 << 18); err != nil {
		t.Errorf("the orphan is gone: %v", err)
	}
}

func TestFlood(t *testing.T) {
	dir, p := folder(t), newPipe(t)
	install(t, dir, "flood", self(t, "flood"))
	r, err := checkIn(t.Context(), dir, schedule.Details{"file": "flood", "args": []any{p.path}})
	if err != nil || r.Status != "Output cut at 1 MiB: the beginning" || len(r.Metrics) == 0 {
		t.Errorf("status %q, %d metrics, error %v", r.Status, len(r.Metrics), err)
	}
	if err := p.gone(); err != nil {
		t.Errorf("the flood goes on: %v", err)
	}
}

// A plugin that says too much, but stops, has its exit code looked at.
func TestMuchOutput(t *testing.T) {
	dir := folder(t)
	install(t, dir, "p", "#!/bin/sh\necho status long\nyes 'metric a string b' | head -c 3000000\nexit 4\n")
	_, err := checkIn(t.Context(), dir, schedule.Details{"file": "p"})
	if want := "Output cut at 10000 metrics: long"; errText(err) != want {
		t.Errorf("%v, want %q", err, want)
	}
	install(t, dir, "q", "#!/bin/sh\nyes | tr -d '\\n'\n")
	_, err = checkIn(t.Context(), dir, schedule.Details{"file": "q"})
	if err == nil || !strings.HasPrefix(err.Error(), `Unrecognized line "yyyyyyyyyy`) {
		t.Errorf("an endless line: %.80v", err)
	}
}
