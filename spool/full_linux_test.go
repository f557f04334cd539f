package spool

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// memoryDisk mounts a file system of 1 MiB.
func memoryDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Skipf("mounting a file system takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func TestFullFileSystem(t *testing.T) {
	s := open(t, filepath.Join(memoryDisk(t), "state"), Options{})
	if err := fill(s); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(filepath.Dir(s.dir), "second"), Options{}); err != nil && !errors.Is(err, ErrFull) {
		t.Errorf("a second folder on a full disk: %v", err)
	}
	// Pages that are freed by settling can be used again.
	settled := 0
	for seq := uint64(1); seq < 200; seq++ {
		if err := s.Settle(t.Context(), []Outcome{{Seq: seq}}, nil); err == nil {
			settled++
		} else if !errors.Is(err, ErrFull) {
			t.Fatal(err)
		}
	}
	if settled > 0 {
		put(t, s, "more")
	}
	t.Logf("%d of 199 could be settled on the full disk", settled)
}

// A marker that a full disk does not take is not left empty, which would say that a process died.
func TestMarkerOnFullFileSystem(t *testing.T) {
	disk := memoryDisk(t)
	s := open(t, filepath.Join(disk, "state"), Options{Recovered: func(r Recovery) { t.Error(r) }})
	put(t, s, "x")
	if err := os.Remove(s.path + markerSuffix); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	for range 2 {
		stats(t, s)
		if _, err := os.Lstat(s.path + markerSuffix); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the marker: %v", err)
		}
	}
	// One that is there is written in place.
	if err := os.Remove(filepath.Join(disk, "filler")); err != nil {
		t.Fatal(err)
	}
	stats(t, s)
	if err := os.WriteFile(filepath.Join(disk, "filler"), make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	leaveMarker(s)
	stats(t, s)
	if state := markerState(t, s); state != "c" {
		t.Errorf("marker %q", state)
	}
}

// What a full disk does not take is counted on it, shown, and stored when there is room.
func TestUnstoredOnFullFileSystem(t *testing.T) {
	disk := memoryDisk(t)
	s := open(t, filepath.Join(disk, "state"), Options{})
	put(t, s, "x")
	filler := filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, 2<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	if _, err := appendAll(s, entry(string(make([]byte, 256<<10)))); !errors.Is(err, ErrFull) {
		t.Fatalf("append: %v", err)
	}
	noteUnstored(t, s, testTime, testTime)
	want := Drop{CauseUnstored, 2, 10, testTime, testTime}
	checkUnstored(t, s, want)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	put(t, s, "y")
	if n := markerCount(t, s); n != 0 {
		t.Errorf("the marker still counts %d", n)
	}
	checkUnstored(t, s, want)
}

func TestReadOnlyFileSystem(t *testing.T) {
	disk := memoryDisk(t)
	s := open(t, filepath.Join(disk, "state"), Options{})
	put(t, s, "x")
	if err := unix.Mount("", disk, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Mount("", disk, "", unix.MS_REMOUNT, "")
	checkReadOnly(t, s)
	if _, _, err := s.TryDeliver(); !errors.Is(err, ErrReadOnly) {
		t.Errorf("the lock: %v", err)
	}
	if _, err := Open(filepath.Join(disk, "other"), Options{}); !errors.Is(err, ErrReadOnly) || os.IsExist(err) {
		t.Errorf("another folder: %v", err)
	}
}
