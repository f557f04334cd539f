//go:build unix

package spool

import (
	"testing"

	"golang.org/x/sys/unix"
)

// A child process that another goroutine has just started has a copy of the marker's descriptor
// until it calls exec. The next transaction marks all the same.
func TestMarkerWithForkedCopy(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	m, _ := s.mark(false)
	copied, err := unix.Dup(int(m.f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(copied)
	m.end(nil)
	next, clean := s.mark(false)
	if state := markerState(t, s); !clean || state != "r" {
		t.Errorf("clean: %v, marker %q", clean, state)
	}
	next.end(nil)
}
