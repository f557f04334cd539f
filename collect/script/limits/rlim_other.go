//go:build unix && !freebsd

package limits

// rlim is the type of a limit.
func rlim(n uint64) uint64 { return n }
