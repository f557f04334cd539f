//go:build unix

package control

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A command of root makes the file for the user of the service, whose folder it is.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root makes files of others")
	}
	const user = 65534
	dir := t.TempDir()
	if err := os.Chown(dir, user, user); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "control.db")
	d := openAt(t, path)
	addPerson(t, d, "ann")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if stat, ok := info.Sys().(*syscall.Stat_t); !ok || stat.Uid != user || stat.Gid != user {
			t.Errorf("%q belongs to user %d, group %d", suffix, stat.Uid, stat.Gid)
		}
	}
}
