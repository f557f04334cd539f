package limits

// rlim is the type of a limit.
func rlim(n uint64) int64 { return int64(n) }
