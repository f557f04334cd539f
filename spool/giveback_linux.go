package spool

import (
	bolt "go.etcd.io/bbolt"
	"golang.org/x/sys/unix"
)

// giveBack makes the pages of the file that were read no longer count as this process's memory
// (madvise(2), MADV_DONTNEED: of a file's shared map, they stay the kernel's and are read again when they are asked
// for).
func giveBack(db *bolt.DB, size int64) {
	if data := db.Info().Data; data != 0 && size > 0 {
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, data, uintptr(size), unix.MADV_DONTNEED) // it is advice
	}
}
