package spool

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// leaveMarker leaves the marker as a process that dies does.
func leaveMarker(s *Spool) {
	m, _ := s.mark(false)
	m.close()
}

func markerState(t *testing.T, s *Spool) string {
	t.Helper()
	b, err := os.ReadFile(s.path + markerSuffix)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:min(len(b), 1)])
}

func TestMarkerDuringTransaction(t *testing.T) {
	s := newSpool(t, Options{})
	for name, transact := range map[string]func(context.Context, func(*Tx) error) error{
		"Update": s.Update, "View": s.View,
	} {
		put(t, s, "a")
		own := errors.New("the caller's")
		if err := transact(t.Context(), func(*Tx) error {
			if state := markerState(t, s); state != "r" {
				t.Errorf("%s: marker %q", name, state)
			}
			return own
		}); err != own {
			t.Error(err)
		}
		if state := markerState(t, s); state != "c" {
			t.Errorf("after %s: marker %q", name, state)
		}
	}
}

// A transaction that creates or removes a file costs twice the system's work.
func TestMarkerLeavesFolderAlone(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	long := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	if err := os.Chtimes(s.dir, long, long); err != nil {
		t.Fatal(err)
	}
	put(t, s, "b")
	stats(t, s)
	if fi, err := os.Stat(s.dir); err != nil || !fi.ModTime().Equal(long) {
		t.Errorf("the folder was changed: %v", err)
	}
}

// What a process that died leaves beside a good file is cleaned after the file was verified.
func TestMarkerOfKilledProcess(t *testing.T) {
	for name, tt := range map[string]struct{ suffix, content string }{
		"killed":                            {markerSuffix, "r"},
		"killed, an earlier text behind":    {markerSuffix, "rits keys are out of order"},
		"killed before it wrote":            {markerSuffix, ""},
		"a byte of a later version":         {markerSuffix, "x"},
		"of an earlier version":             {oldMarkerSuffix, ""},
		"clean, with an earlier text":       {markerSuffix, "cits keys are out of order"},
		"damaged by a process without text": {markerSuffix, "d"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSpool(t, Options{Recovered: func(r Recovery) { t.Error(r) }})
			put(t, s, "a", "b")
			if err := os.WriteFile(s.path+tt.suffix, []byte(tt.content), 0o600); err != nil {
				t.Fatal(err)
			}
			_, wantClean := strings.CutPrefix(tt.content, "c")
			if _, clean := s.readMarker(); clean != wantClean {
				t.Errorf("read as clean: %v", clean)
			}
			m, clean := s.mark(false)
			if m.close(); clean != wantClean {
				t.Errorf("marked as clean: %v", clean)
			}
			put(t, s, "c")
			if queue, _ := listed(t, s); len(queue) != 3 {
				t.Errorf("%q are queued", queue)
			}
			if _, clean := s.readMarker(); !clean {
				t.Error("the marker is not clean afterwards")
			}
			if _, err := os.Lstat(s.path + oldMarkerSuffix); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the earlier version's marker: %v", err)
			}
		})
	}
}

// A file that is damaged where only a verification looks is repaired because of the marker.
func TestMarkerHasFileVerified(t *testing.T) {
	for name, leave := range map[string]func(*Spool) error{
		"killed": func(s *Spool) error { leaveMarker(s); return nil },
		"of an earlier version": func(s *Spool) error {
			return os.WriteFile(s.path+oldMarkerSuffix, nil, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			key, other := keyOf(286), keyOf(9999) // out of order, on a leaf that Stats does not read
			b := bytes.ReplaceAll(goodFile(t), append(key[:], kindPlain), append(other[:], kindPlain))
			s := write(t, filepath.Join(t.TempDir(), "state"), b)
			var recovered []Recovery
			s.opt.Recovered = func(r Recovery) { recovered = append(recovered, r) }
			stats(t, s)
			if len(recovered) != 0 {
				t.Fatalf("found without a marker: %v", recovered)
			}
			if err := leave(s); err != nil {
				t.Fatal(err)
			}
			stats(t, s)
			if len(recovered) != 1 {
				t.Errorf("recovered %v", recovered)
			}
			if _, clean := s.readMarker(); !clean {
				t.Error("the marker is not clean afterwards")
			}
		})
	}
}

// What a transaction found wrong is the reason of the next call's repair, and of no later one.
func TestMarkerWithText(t *testing.T) {
	for _, suffix := range []string{markerSuffix, oldMarkerSuffix} {
		var recovered []string
		s := newSpool(t, Options{Recovered: func(r Recovery) { recovered = append(recovered, r.Why) }})
		put(t, s, "a", "b")
		if suffix == markerSuffix {
			for _, why := range []string{strings.Repeat("long ", 1000), "keys"} {
				m, _ := s.mark(false)
				m.end(damaged(s.path, "%s", why))
			}
		} else if err := os.WriteFile(s.path+suffix, []byte(damaged(s.path, "keys").Error()), 0o600); err != nil {
			t.Fatal(err)
		}
		put(t, s, "c")
		leaveMarker(s)
		put(t, s, "d")
		if queue := queued(t, s); !slices.Equal(queue, []string{"a", "b", "c", "d"}) {
			t.Errorf("%q are queued", queue)
		}
		if !slices.Equal(recovered, []string{"keys"}) {
			t.Errorf("%s: recovered because of %q", suffix, recovered)
		}
	}
}

// Where no marker can be written, transactions run without it.
func TestNoMarker(t *testing.T) {
	s := newSpool(t, Options{Recovered: func(r Recovery) { t.Error(r) }})
	if err := os.Mkdir(s.path+markerSuffix, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, clean := s.mark(false); !clean {
		t.Error("it is taken for that of a killed process")
	}
	put(t, s, "a")
	put(t, s, "b")
	if got := queued(t, s); len(got) != 2 {
		t.Errorf("queued: %q", got)
	}
}

// Of two that read at once, only one has the marker, and the other does not clean it.
func TestMarkerHasOneOwner(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a")
	first, clean := s.mark(false)
	second, secondClean := s.mark(false)
	if !clean || secondClean {
		t.Errorf("clean: %v, %v", clean, secondClean)
	}
	second.end(nil)
	if state := markerState(t, s); state != "r" {
		t.Errorf("marker %q while the first one reads", state)
	}
	first.end(nil)
	if state := markerState(t, s); state != "c" {
		t.Errorf("marker %q at the end", state)
	}
}

// While the disk fails, no file is replaced, damaged or not.
func TestDiskErrorReplacesNothing(t *testing.T) {
	s := newSpool(t, Options{})
	put(t, s, "a", "b")
	f, err := os.Open(s.Path())
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil { // every read fails now
		t.Fatal(err)
	}
	if _, err := s.salvage(t.Context(), f, fileBytes(t, s)); !errors.Is(err, os.ErrClosed) {
		t.Errorf("salvage: %v", err)
	}
	if queue, _ := listed(t, s); len(queue) != 2 {
		t.Errorf("%q are queued", queue)
	}
	if left := withoutLock(filepath.Glob(s.Path() + ".*")); !slices.Equal(left, []string{s.path + markerSuffix}) {
		t.Errorf("files left: %q", left)
	}
}
