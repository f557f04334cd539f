package host

import (
	"hash/fnv"
	"time"

	"golang.org/x/sys/unix"
)

// bootMark returns a mark that is another one after each boot; 0 where it cannot be told.
func bootMark(tree, time.Time) uint64 {
	id, err := unix.Sysctl("kern.bootsessionuuid")
	if err != nil {
		return 0
	}
	h := fnv.New64a()
	h.Write([]byte(id))
	return h.Sum64()
}

func sameBoot(a, b uint64) bool { return a == b }

// uptime counts from any fixed time.
func uptime(now time.Time) time.Duration { return time.Duration(now.UnixNano()) }
