package host

import (
	"hash/fnv"
	"time"

	"golang.org/x/sys/unix"
)

// bootMark returns a mark that is another one after each boot; 0 where it cannot be told, which is for
// the counters themselves to show (random(4): /proc/sys/kernel/random/boot_id).
func bootMark(t tree, _ time.Time) uint64 {
	var buf [64]byte
	id, err := firstLine(t.proc+"/sys/kernel/random/boot_id", buf[:])
	if err != nil || len(id) == 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write(id)
	return h.Sum64()
}

func sameBoot(a, b uint64) bool { return a == b }

// uptime is a clock that nobody sets: the time since the boot (clock_gettime(2)).
func uptime(now time.Time) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Duration(now.UnixNano())
	}
	return time.Duration(ts.Nano())
}
