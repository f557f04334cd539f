//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"virgo/collect/collecttest"
)

// A couple is a virgo-run and a fake virgo beside it, both of them this test binary.
type couple struct {
	t   *testing.T
	dir string // for programs and files
	env []string
}

// newCouple makes a virgo-run with a virgo beside it that ends as told.
func newCouple(t *testing.T, end string) *couple {
	t.Helper()
	c := &couple{t: t, dir: collecttest.Folder(t)}
	copyProgram(t, c.path("virgo-run"))
	copyProgram(t, c.path("virgo"))
	c.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + c.dir, "NO_COLOR=1",
		"VIRGO_CONFIG=" + c.path("virgo.yaml"), "VIRGO_STATE=" + c.path("state"), "VIRGO_PLUGINS=" + c.path("plugins"),
		fakeRecord + "=" + c.path("record"), fakeEnd + "=" + end,
	}
	c.write("virgo.yaml", "agent_id: a\n")
	c.write("checks.d/mem.yaml", "id: mem\ntype: agent.memory\nperiod: 86400\n")
	return c
}

func (c *couple) path(name string) string { return filepath.Join(c.dir, name) }

func (c *couple) write(name, text string) {
	c.t.Helper()
	if err := os.MkdirAll(filepath.Dir(c.path(name)), 0o755); err != nil {
		c.t.Fatal(err)
	}
	writeFile(c.t, c.path(name), []byte(text), 0o600)
}

// copyProgram copies this test binary.
func copyProgram(t *testing.T, path string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	copyFile(t, self, path)
}

// copyFile copies a program.
func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := writeProgram(to, in); err != nil {
		t.Fatal(err)
	}
}

// writeProgram writes a program. No other process is started meanwhile: it would inherit the open
// file for a moment, and a file that is open for writing cannot be executed.
func writeProgram(path string, from io.Reader) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, from)
	return errors.Join(err, out.Chmod(0o755), out.Close()) // whatever the umask
}

func (c *couple) command(args ...string) *exec.Cmd {
	cmd := exec.Command(c.path("virgo-run"), args...)
	cmd.Dir, cmd.Env = c.dir, c.env
	return cmd
}

// run runs virgo-run and returns its exit code and output.
func (c *couple) run(args ...string) (code int, stdout, stderr string) {
	c.t.Helper()
	return c.finish(c.command(args...))
}

func (c *couple) finish(cmd *exec.Cmd) (code int, stdout, stderr string) {
	c.t.Helper()
	var out, diagnostics bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &diagnostics
	return exitCode(c.t, cmd.Run()), out.String(), diagnostics.String()
}

// record returns how virgo was started; nil if it was not.
func (c *couple) record() *start {
	c.t.Helper()
	data, err := os.ReadFile(c.path("record"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s := new(start)
	if err == nil {
		err = json.Unmarshal(data, s)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// awaitRecord waits until virgo is started.
func (c *couple) awaitRecord() *start {
	c.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	for {
		if s := c.record(); s != nil {
			return s
		}
		select {
		case <-tick.C:
		case <-limit.C:
			c.t.Fatal("virgo is not started")
		}
	}
}

// otherBuild makes a program one of another build.
func otherBuild(t *testing.T, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	mark := []byte("virgo-build 0.1.0-dev ")
	if !bytes.Contains(data, mark) {
		t.Fatalf("no %q in the program", mark)
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return writeProgram(path, bytes.NewReader(bytes.ReplaceAll(data, mark, []byte("virgo-build 0.1.1-dev "))))
}
