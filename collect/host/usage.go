package host

import (
	"math"
	"math/bits"
)

// A usage is what a file system says about itself. Sizes are in kilobytes of 1024 bytes.
type usage struct {
	total            uint64
	used             uint64 // of total
	free             uint64 // of total, with what is kept for root
	avail            uint64 // of free, for anybody
	files, freeFiles uint64 // inodes; both 0 where the file system has no fixed number
}

// blocksUsage makes a usage of statfs's blocks (statfs(2), statvfs(3)). A file system may say anything:
// what cannot be is cut to what can.
func blocksUsage(size, blocks, free, avail, files, freeFiles uint64) usage {
	free = min(free, blocks)
	return usage{
		total: kilobytes(blocks, size), used: kilobytes(blocks-free, size),
		free: kilobytes(free, size), avail: kilobytes(min(avail, free), size),
		files: files, freeFiles: min(freeFiles, files),
	}
}

// kilobytes is blocks × size / 1024, at most what an int64 holds.
func kilobytes(blocks, size uint64) uint64 {
	high, low := bits.Mul64(blocks, size)
	if high >= 1024/2 {
		return math.MaxInt64
	}
	return high<<54 | low>>10
}
