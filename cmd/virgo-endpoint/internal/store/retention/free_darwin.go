package retention

import "golang.org/x/sys/unix"

// Free returns the space of the file system that path is on.
func Free(path string) (Space, error) {
	var s unix.Statfs_t
	if err := statfs(path, &s); err != nil {
		return Space{}, err
	}
	return Space{Free: bytesOf(s.Bavail, uint64(s.Bsize)), Total: bytesOf(s.Blocks, uint64(s.Bsize))}, nil
}
