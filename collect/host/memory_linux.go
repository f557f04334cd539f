package host

import (
	"bytes"
	"context"
	"errors"
	"os"

	"golang.org/x/sys/unix"

	"virgo/collect/procfs"
)

// readMemory reads /proc/meminfo, and pswpin and pswpout (in pages) from /proc/vmstat; they are 0 for a kernel without
// swap, or in a container that hides the file.
func readMemory(_ context.Context, t tree) (memoryState, error) {
	m, err := procfs.ReadMemInfo(t.proc + "/meminfo")
	if err != nil {
		return memoryState{}, err
	}
	s := memoryState{total: m.Total, free: m.Free, available: m.Available, swapTotal: m.SwapTotal, swapFree: m.SwapFree}
	page := uint64(os.Getpagesize())
	found := 0
	err = procfs.EachLine(t.proc+"/vmstat", func(line []byte) bool {
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
			s.swapIn = n[0] * page
			found++
		case "pswpout":
			s.swapOut = n[0] * page
			found++
		}
		return found < 2
	})
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
		err = nil
	}
	return s, err
}
