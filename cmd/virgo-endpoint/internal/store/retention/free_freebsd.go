package retention

import "golang.org/x/sys/unix"

// Free returns the space of the file system that path is on.
func Free(path string) (Space, error) {
	var s unix.Statfs_t
	if err := statfs(path, &s); err != nil {
		return Space{}, err
	}
	// What only root may use makes Bavail negative.
	return Space{Free: bytesOf(uint64(max(0, s.Bavail)), s.Bsize), Total: bytesOf(s.Blocks, s.Bsize)}, nil
}
