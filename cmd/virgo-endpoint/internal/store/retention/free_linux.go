package retention

import "golang.org/x/sys/unix"

// Free returns the space of the file system that path is on.
func Free(path string) (Space, error) {
	var s unix.Statfs_t
	if err := statfs(path, &s); err != nil {
		return Space{}, err
	}
	unit := s.Frsize
	if unit == 0 {
		unit = s.Bsize
	}
	return Space{Free: bytesOf(s.Bavail, uint64(unit)), Total: bytesOf(s.Blocks, uint64(unit))}, nil
}
