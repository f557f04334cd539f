package spool

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// memoryDisk mounts a file system of one MiB.
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
	// The pages that a settling frees are room again.
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
