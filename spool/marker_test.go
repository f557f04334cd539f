package spool

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A marker beside a good file, as a killed process leaves it, costs a look at the file and nothing else.
func TestMarkerOfADeath(t *testing.T) {
	s := newSpool(t, Options{Recovered: func(r Recovery) { t.Error(r) }})
	put(t, s, "a", "b")
	if !s.mark() {
		t.Fatal("there is a marker already")
	}
	put(t, s, "c")
	if waiting, _ := listed(t, s); len(waiting) != 3 {
		t.Errorf("%q wait", waiting)
	}
	if _, there := s.marked(); there {
		t.Error("the marker is still there")
	}
}

// A disk that fails leaves the file as it is, damaged or not.
func TestNothingIsReplacedWhereTheDiskFails(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a", "b")
	f, err := os.Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil { // each read fails now
		t.Fatal(err)
	}
	if _, err := s.salvage(f, fileBytes(t, s)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("salvage: %v", err)
	}
	if waiting, _ := listed(t, s); len(waiting) != 2 {
		t.Errorf("%q wait", waiting)
	}
	if left, _ := filepath.Glob(s.Path() + ".*"); len(left) != 0 {
		t.Errorf("left behind: %q", left)
	}
}
