package spool

import (
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// giveBack releases the pages of the file that were read from this process's resident memory
// (MADV_DONTNEED in madvise(2)). They stay in the kernel's cache.
func giveBack(db *bolt.DB, size int64) {
	if data := db.Info().Data; data != 0 && size > 0 {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, data, uintptr(size), unix.MADV_DONTNEED) // it is advice
	}
}
