package host

import (
	"bytes"
	"context"
	"errors"
	"os"

	"virgo/collect/procfs"

	"github.com/shirou/gopsutil/v3/mem"
	"golang.org/x/sys/unix"
)

// readSwap takes the sizes from ram, which is read from /proc/meminfo, and reads pswpin and pswpout
// (in pages) from /proc/vmstat; they are 0 for a kernel without swap, or in a container that hides
// the file.
func readSwap(_ context.Context, t tree, ram *mem.VirtualMemoryStat) (swapSpace, error) {
	s := swapSpace{total: ram.SwapTotal, free: ram.SwapFree}
	page := uint64(os.Getpagesize())
	found := 0
	err := procfs.EachLine(t.proc+"/vmstat", func(line []byte) bool {
		if !bytes.HasPrefix(line, []byte("pswp")) {
			return true
		}
		name, rest := procfs.Field(line)
		var n [1]uint64
		if got, err := procfs.Numbers(rest, n[:]); err != nil || got != 1 {
			return true
		}
		switch string(name) {
		case "pswpin":
			s.in = n[0] * page
			found++
		case "pswpout":
			s.out = n[0] * page
			found++
		}
		return found < 2
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
		err = nil
	}
	return s, err
}
