package renewal

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"virgo/cmd/internal/installed"
)

// A disk that becomes full while a bundle is fetched keeps the current one, and what was fetched is not in the way.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := t.TempDir()
	if err := unix.Mount("tmpfs", disk, "tmpfs", 0, "size=20m"); err != nil {
		t.Skipf("mounting a file system takes root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(disk, 0); err != nil {
			t.Error(err)
		}
	})
	s := newSite(t)
	s.Folder = installed.New(disk)
	s.publish("1.0.0", build(t, "standard", "1.0.0", "", 0), s.signer)
	if _, err := s.run(); err != nil {
		t.Fatal(err)
	}
	s.publish("2.0.0", build(t, "standard", "2.0.0", "", 400<<10), s.signer)
	filler := filepath.Join(disk, "filler")
	s.Hook = func(step string) {
		if step != "body" {
			return
		}
		if err := os.WriteFile(filler, make([]byte, 21<<20), 0o600); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("the disk is not full: %v", err)
		}
	}
	if _, err := s.run(); !errors.Is(err, unix.ENOSPC) || s.current() != "1.0.0" {
		t.Errorf("%v, current %q", err, s.current())
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s.Hook = nil
	if _, err := s.run(); err != nil || s.current() != "2.0.0" {
		t.Errorf("%v, current %q", err, s.current())
	}
	// Nor does it take the space that results need.
	if err := os.WriteFile(filler, make([]byte, 10<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s.publish("3.0.0", build(t, "standard", "3.0.0", "", 0), s.signer)
	if _, err := s.run(); !errors.Is(err, installed.ErrNoSpace) || s.current() != "2.0.0" {
		t.Errorf("%v, current %q", err, s.current())
	}
}
