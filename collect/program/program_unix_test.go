//go:build unix

package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
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

// What a program says on standard error is also there where it ended with 0.
func TestOutputAndErrors(t *testing.T) {
	out, said, err := OutputAndErrors(t.Context(), "sh", "-c", "echo seen; echo 'error: one' >&2; echo two >&2")
	if err != nil || string(out) != "seen\n" || string(said) != "error: one\ntwo\n" {
		t.Errorf("%q, %q, %v", out, said, err)
	}
	if _, _, err := OutputAndErrors(t.Context(), "no-such-program-here"); !errors.Is(err, ErrMissing) {
		t.Errorf("a program that is not there: %v", err)
	}
}

// What was started is gone when the time is up, the children of the program as well.
func TestOutputEndsTheWholeGroup(t *testing.T) {
	mark := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for ctx.Err() == nil {
			if b, _ := os.ReadFile(mark); bytes.HasSuffix(b, []byte("\n")) {
				cancel()
			}
		}
	}()
	start := time.Now()
	_, err := Output(ctx, "sh", "-c", "sleep 600 & echo $! > "+mark+"; wait")
	if !errors.Is(err, context.Canceled) || time.Since(start) > time.Minute {
		t.Fatalf("%v after %v", err, time.Since(start))
	}
	pid, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	// The child was killed with its group; whoever adopted it may not have reaped it yet.
	stat, err := os.ReadFile("/proc/" + strings.TrimSpace(string(pid)) + "/stat")
	if err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("a child lives on: %s", stat)
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
