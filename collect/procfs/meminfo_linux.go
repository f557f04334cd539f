package procfs

import (
	"bytes"
	"errors"
	"fmt"
)

// MemInfo is main memory and swap space by /proc/meminfo (proc_meminfo(5)), in bytes.
type MemInfo struct {
	Total, Free         uint64
	Available           uint64 // what applications can still allocate
	SwapTotal, SwapFree uint64
}

// ReadMemInfo reads /proc/meminfo, or a file like it. Before Linux 3.14, Available is what is free or in caches.
func ReadMemInfo(path string) (MemInfo, error) {
	var (
		m               MemInfo
		buffers, cached uint64
		available       bool
		fault           error
	)
	err := EachLine(path, func(line []byte) bool {
		name, rest := Field(line)
		var value *uint64
		switch string(name) {
		case "MemTotal:":
			value = &m.Total
		case "MemFree:":
			value = &m.Free
		case "MemAvailable:":
			value, available = &m.Available, true
		case "Buffers:":
			value = &buffers
		case "Cached:":
			value = &cached
		case "SwapTotal:":
			value = &m.SwapTotal
		case "SwapFree:":
			value = &m.SwapFree
		default:
			return true
		}
		var kB [1]uint64
		if n, err := Numbers(bytes.TrimSuffix(rest, []byte(" kB")), kB[:]); err != nil || n != 1 || kB[0] > maxKB {
			fault = fmt.Errorf("%s: %.80q is no size in kB", path, line)
			return false
		}
		*value = kB[0] << 10
		return true
	})
	if !available {
		m.Available = m.Free + buffers + cached
	}
	return m, errors.Join(err, fault)
}

// maxKB is the largest size of which the bytes fit in 64 bits, with two others added.
const maxKB = 1<<52 - 1
