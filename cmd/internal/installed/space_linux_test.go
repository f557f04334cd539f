package installed

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// memoryDisk mounts a file system of some size.
func memoryDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mounting a file system takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// A full disk leaves the current bundle as it was, at whatever step it is found full.
func TestFullDisk(t *testing.T) {
	f := New(filepath.Join(memoryDisk(t, "18m"), "state"))
	l := lock(t, f)
	install(t, l, "1.0.0", "one")
	filler := filepath.Join(filepath.Dir(f.Dir), "filler")
	steps := 0
	for last := 1; ; last++ {
		steps = 0
		f.Hook = func(string) {
			if steps++; steps == last {
				if err := os.WriteFile(filler, make([]byte, 20<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
					t.Fatalf("the disk is not full: %v", err)
				}
			}
		}
		_, err := l.Install(Candidate{Ref: Ref{Name: "standard", Version: "2.0.0"}, File: make([]byte, 512<<10)}, Allow{}, at(1))
		f.Hook = nil
		if err == nil {
			break
		}
		if !errors.Is(err, unix.ENOSPC) {
			t.Errorf("step %d: %v", last, err)
		}
		if text, version, _ := content(t, f); text != "one" || version != "1.0.0" {
			t.Errorf("step %d: %q of %q", last, text, version)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		l.Collect()
	}
	if steps < 3 {
		t.Errorf("%d steps", steps)
	}
	if _, err := l.Install(candidate("3.0.0", "three"), Allow{}, at(2)); !errors.Is(err, ErrNoSpace) {
		t.Errorf("on a disk that is full: %v", err)
	}
}
