//go:build unix

package folder

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Give changes the owner of what root made, and refuses what may be others'.
func TestGive(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	const uid, gid = 54321, 54322
	dir := newDir(t)
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, dir.file("link")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again, as install does
		if err := Give(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]uint32{string(dir): uid, dir.serverKey(): uid, dir.SchedulesDir(): uid, outside: 0} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Sys().(*syscall.Stat_t).Uid; got != want {
			t.Errorf("%s belongs to %d, want %d", path, got, want)
		}
	}
	if err := os.Link(outside, dir.file("second")); err != nil {
		t.Fatal(err)
	}
	var owner *OwnerError
	if err := Give(dir, uid, gid); !errors.As(err, &owner) {
		t.Errorf("a file with a second name: %v", err)
	}
	if err := os.Remove(dir.file("second")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir.serverKey(), uid+9, gid); err != nil {
		t.Fatal(err)
	}
	if err := Give(dir, uid, gid); !errors.As(err, &owner) {
		t.Errorf("a file of a third user: %v", err)
	}
}
