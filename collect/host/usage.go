package host

import (
	"math"
	"math/bits"
)

// A usage is the result of statfs for a file system. Sizes are in kilobytes of 1024 bytes.
type usage struct {
	total            uint64
	used             uint64 // of total
	free             uint64 // of total, with the part reserved for root
	avail            uint64 // of free, for every user
	files, freeFiles uint64 // inodes; both 0 where the file system has no fixed number
}

// blocksUsage converts the block counts of statfs (statfs(2), statvfs(3)) to a usage. A file system
// may return any numbers, so impossible values are reduced to possible ones.
func blocksUsage(size, blocks, free, avail, files, freeFiles uint64) usage {
	free = min(free, blocks)
	return usage{
		total: kilobytes(blocks, size), used: kilobytes(blocks-free, size),
		free: kilobytes(free, size), avail: kilobytes(min(avail, free), size),
		files: files, freeFiles: min(freeFiles, files),
	}
}

// kilobytes is blocks × size / 1024, at most the largest int64.
func kilobytes(blocks, size uint64) uint64 {
	high, low := bits.Mul64(blocks, size)
	if high >= 1024/2 {
		return math.MaxInt64
	}
	return high<<54 | low>>10
}
