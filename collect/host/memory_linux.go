package host

import (
	"bytes"
	"context"
	"errors"
	"os"

	"github.com/shirou/gopsutil/v3/mem"
	"golang.org/x/sys/unix"
)

// readSwap takes the sizes from what was read of /proc/meminfo already, and the pages moved from
// /proc/vmstat (pswpin, pswpout; in pages). A kernel without swap, or a container that hides the file,
// moves none.
func readSwap(_ context.Context, t tree, ram *mem.VirtualMemoryStat) (swapping, error) {
	s := swapping{total: ram.SwapTotal, free: ram.SwapFree}
	page := uint64(os.Getpagesize())
	found := 0
	err := eachLine(t.proc+"/vmstat", func(line []byte) bool {
		if !bytes.HasPrefix(line, []byte("pswp")) {
			return true
		}
		name, rest := cutField(line)
		var n [1]uint64
		if got, err := cutNumbers(rest, n[:]); err != nil || got != 1 {
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
