//go:build unix

package spool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// childFill appends under a limit on the length of files until that is reached. args: folder.
func childFill(args []string) error {
	s, err := Open(args[0], Options{})
	if err != nil {
		return err
	}
	const limit = 256 << 10
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
		return err
	}
	return fill(s)
}

// fill appends until the disk is full, and checks that everything appended can be read.
func fill(s *Spool) error {
	appends := 0
	var err error
	for ; err == nil; appends++ {
		if appends > 10_000 {
			return errors.New("the disk never filled")
		}
		_, err = appendAll(s, entry(strings.Repeat("x", 1000)), entry(strings.Repeat("y", 1000)))
	}
	appends--
	if !errors.Is(err, ErrFull) {
		return fmt.Errorf("not ErrFull: %w", err)
	}
	st, err := s.Stats(context.Background())
	if err != nil {
		return err
	}
	if appends == 0 || st.Records != uint64(2*appends) {
		return fmt.Errorf("%d records, want %d", st.Records, 2*appends)
	}
	n := 0
	if err := s.List(context.Background(), func(Record) error { n++; return nil }); err != nil || n != 2*appends {
		return fmt.Errorf("%d can be read, want %d: %w", n, 2*appends, err)
	}
	fmt.Println("full after", appends)
	return nil
}

func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	p := start(t, "fill", dir)
	line := p.next(t)
	if !strings.HasPrefix(line, "full after") {
		t.Fatalf("the child reported %q", line)
	}
	// Without the limit, appending works again.
	s := open(t, dir, Options{})
	before := stats(t, s).Records
	put(t, s, "more")
	if got := queued(t, s); uint64(len(got)) != before+1 || got[len(got)-1] != "more" {
		t.Errorf("%d records, want %d", len(got), before+1)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may write despite modes: run as another user (on Linux, TestReadOnlyFileSystem covers root)")
	}
	s := newSpool(t, Options{})
	put(t, s, "x")
	if err := os.Chmod(s.Path(), 0o400); err != nil {
		t.Fatal(err)
	}
	checkReadOnly(t, s)
	if err := os.Chmod(s.Path(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(s.dir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(s.dir, 0o700)
	if _, _, err := s.TryDeliver(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("the lock in a read-only folder: %v", err)
	}
	if _, err := Open(filepath.Join(s.dir, "below"), Options{}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("a folder below it: %v", err)
	}
}

// checkReadOnly checks what works and what fails on a read-only disk; the spool has one record,
// "x".
func checkReadOnly(t *testing.T, s *Spool) {
	t.Helper()
	if _, err := appendAll(s, entry("y")); !errors.Is(err, ErrReadOnly) {
		t.Errorf("append: %v", err)
	}
	if err := s.Settle(context.Background(), []Outcome{{Seq: 1}}, nil); !errors.Is(err, ErrReadOnly) {
		t.Errorf("settle: %v", err)
	}
	if got := queued(t, s); !slices.Equal(got, []string{"x"}) {
		t.Errorf("queued: %q", got)
	}
	if st := stats(t, s); st.Records != 1 {
		t.Errorf("stats: %+v", st)
	}
}
