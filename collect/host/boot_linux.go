package host

import (
	"hash/fnv"
	"time"

	"virgo/collect/procfs"

	"golang.org/x/sys/unix"
)

// bootID identifies the boot (random(4): /proc/sys/kernel/random/boot_id); 0 if unknown. Then a
// reboot is only recognized by counters that decreased.
func bootID(t tree, _ time.Time) uint64 {
	var buf [64]byte
	id, err := procfs.FirstLine(t.proc+"/sys/kernel/random/boot_id", buf[:])
	if err != nil || len(id) == 0 {
		return 0
	}
	h := fnv.New64a()
	h.Write(id)
	return h.Sum64()
}

func sameBoot(a, b uint64) bool { return a == b }

// uptime returns the time since the boot, which does not depend on the clock (clock_gettime(2),
// CLOCK_BOOTTIME).
func uptime(now time.Time) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return time.Duration(now.UnixNano())
	}
	return time.Duration(ts.Nano())
}
