package descriptors

import (
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

func TestKeepFromChildren(t *testing.T) {
	for name, keep := range map[string]func(){"one call": KeepFromChildren, "older kernels": closeListed} {
		fd, err := unix.Open(filepath.Join(t.TempDir(), "open"), unix.O_RDWR|unix.O_CREAT, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		keep()
		for fd, want := range map[int]int{fd: unix.FD_CLOEXEC, 0: 0, 1: 0, 2: 0} {
			if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil && flags != want {
				t.Errorf("%s: descriptor %d has flags %d, want %d", name, fd, flags, want)
			}
		}
	}
}
