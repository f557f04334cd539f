//go:build unix

package installed

import "golang.org/x/sys/unix"

// freeBytes returns how many bytes this process may still write to the file system of a folder.
func freeBytes(dir string) (int64, error) {
	var s unix.Statfs_t
	for {
		if err := unix.Statfs(dir, &s); err != unix.EINTR {
			return int64(s.Bavail) * int64(s.Bsize), err
		}
	}
}
