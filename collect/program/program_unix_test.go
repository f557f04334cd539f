//go:build unix

package program

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestOutput(t *testing.T) {
	out, err := Output(t.Context(), "sh", "-c", "echo $LC_ALL; pwd")
	if err != nil || string(out) != "C\n/\n" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := Feed(t.Context(), "fed", "sh", "-c", "read -r line; echo $line; cat"); err != nil || string(out) != "fed\n" {
		t.Errorf("%q, %v", out, err)
	}
	if out, err := Output(t.Context(), "cat"); err != nil || len(out) > 0 {
		t.Errorf("without input: %q, %v", out, err)
	}
	if _, err := Output(t.Context(), "no-such-program-here"); !errors.Is(err, ErrMissing) {
		t.Errorf("a program that is not there: %v", err)
	}
	if _, err := Output(t.Context(), "../bin/sh"); err == nil {
		t.Error("a path was taken for a name")
	}
	out, err = Output(t.Context(), "sh", "-c", "echo seen; echo 'no such  thing' >&2; exit 3")
	var exit *ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || exit.Stderr != "no such thing" || string(out) != "seen\n" {
		t.Errorf("%q, %v", out, err)
	}
}

// Standard error is returned also when the program exits with 0.
func TestOutputAndErrors(t *testing.T) {
	stdout, stderr, err := OutputAndErrors(t.Context(), "sh", "-c", "echo seen; echo 'error: one' >&2; echo two >&2")
	if err != nil || string(stdout) != "seen\n" || string(stderr) != "error: one\ntwo\n" {
		t.Errorf("%q, %q, %v", stdout, stderr, err)
	}
	if _, _, err := OutputAndErrors(t.Context(), "no-such-program-here"); !errors.Is(err, ErrMissing) {
		t.Errorf("a program that is not there: %v", err)
	}
}

// When the context ends, the program and its children are killed. The child has a pipe open until
// it ends.
func TestOutputEndsTheWholeGroup(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		pipe, err := os.Open(fifo) // waits for the child
		cancel()
		if err == nil {
			_, err = io.Copy(io.Discard, pipe)
			pipe.Close()
		}
		gone <- err
	}()
	if _, err := Output(ctx, "sh", "-c", "sleep 600 >"+fifo+" & wait"); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	select {
	case err := <-gone:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("a child still runs")
	}
}

func TestOutputIsBounded(t *testing.T) {
	out, err := Output(t.Context(), "sh", "-c", "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done")
	if !errors.Is(err, ErrTooMuch) || len(out) != MaxOutputBytes {
		t.Errorf("%d bytes, %v", len(out), err)
	}
	out, err = Output(t.Context(), "sh", "-c", "head -c 100000 /dev/zero >&2; echo well")
	if err != nil || string(out) != "well\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestRunWith(t *testing.T) {
	sh, err := Find("sh")
	if err != nil {
		t.Fatal(err)
	}
	started := 0
	o := Options{
		Input: "fed", Env: []string{"TZ=UTC", "LC_ALL=de_DE", "PATH=/tmp"}, Merge: true, MaxOutput: 100,
		Start: func(start func() error) error { started++; return start() },
	}
	out, errs, err := RunWith(t.Context(), o, sh, "-c", "cat; echo; echo $TZ $LC_ALL; echo two >&2; echo three; echo $PATH | grep -c /tmp")
	if want := "fed\nUTC C\ntwo\nthree\n0\n"; string(out) != want || len(errs) != 0 || started != 1 {
		t.Errorf("%q, %q, started %d times, %v; want %q", out, errs, started, err, want)
	}
	if out, _, err := RunWith(t.Context(), Options{MaxOutput: 3}, sh, "-c", "echo four"); string(out) != "fou" || !errors.Is(err, ErrTooMuch) {
		t.Errorf("%q, %v", out, err)
	}
	refused := errors.New("refused")
	if _, _, err := RunWith(t.Context(), Options{Start: func(func() error) error { return refused }}, sh, "-c", "echo x"); !errors.Is(err, refused) {
		t.Errorf("%v, want the error of Start", err)
	}
}
