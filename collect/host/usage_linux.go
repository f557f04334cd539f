package host

import "golang.org/x/sys/unix"

// statfs returns the usage of a file system, when the file system answers, which may be never.
// Blocks are counted in the fragment size (f_frsize); gopsutil uses the block size, which differs
// on FUSE.
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
