//go:build unix && !linux

package limits

// limitData reports that RLIMIT_DATA limits nothing here: it counts no anonymous mappings, of
// which Go's heap is made.
func limitData(int64) bool { return false }
