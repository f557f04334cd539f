//go:build unix

package main

import "syscall"

// descriptors returns how many files this process may have open, sockets included. Go's runtime has
// raised the soft limit to the hard one.
func descriptors() (n int64, ok bool) {
	var r syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &r) != nil {
		return 0, false
	}
	return int64(min(uint64(r.Cur), 1<<40)), true
}
