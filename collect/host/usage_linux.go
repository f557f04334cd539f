package host

import "golang.org/x/sys/unix"

// statfs asks a file system for its usage. It returns when the file system answers, which may be never.
// Blocks are counted in the fragment size (f_frsize); gopsutil takes the block size, which on FUSE is
// another one.
func statfs(path string) (usage, error) {
	var s unix.Statfs_t
	for {
		err := unix.Statfs(path, &s)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return usage{}, err
		}
	}
	size := uint64(s.Frsize)
	if size == 0 {
		size = uint64(s.Bsize)
	}
	return blocksUsage(size, s.Blocks, s.Bfree, s.Bavail, s.Files, s.Ffree), nil
}
