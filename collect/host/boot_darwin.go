package host

import (
	"hash/fnv"
	"time"

	"golang.org/x/sys/unix"
)

// bootID identifies the boot; 0 where it is unknown.
func bootID(tree, time.Time) uint64 {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

func sameBoot(a, b uint64) bool { return a == b }

// uptime returns the time since a fixed point in time. Here it is that of the clock, since the Unix
// epoch.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
