package spool

import "github.com/cespare/xxhash/v2"

// sumBytes is the size of a checksum.
const sumBytes = 4

// checksum returns the low half of the XXH64 of b with that seed.
func checksum(seed uint64, b []byte) uint32 {
	var d xxhash.Digest
	d.ResetWithSeed(seed)
	d.Write(b)
	return uint32(d.Sum64())
}
