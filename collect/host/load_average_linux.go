package host

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/sys/unix"

	"virgo/collect/procfs"
)

// loadShift is SI_LOAD_SHIFT of sysinfo(2).
const loadShift = 16

// readLoadAverage reads /proc/loadavg (proc_loadavg(5)), or what sysinfo(2) says where the file is hidden.
func readLoadAverage(_ context.Context, t tree) (minutes [3]float64, err error) {
	path := t.proc + "/loadavg"
	var buf [128]byte
	line, err := procfs.FirstLine(path, buf[:])
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.EACCES) {
		var info unix.Sysinfo_t
		if err := unix.Sysinfo(&info); err != nil {
			return minutes, err
		}
		for i, fixed := range info.Loads {
			minutes[i] = float64(fixed) / (1 << loadShift)
		}
		return minutes, nil
	}
	if err != nil {
		return minutes, err
	}
	rest := line
	for i := range minutes {
		var field []byte
		field, rest = procfs.Field(rest)
		if minutes[i], err = strconv.ParseFloat(string(field), 64); err != nil {
			return minutes, fmt.Errorf("%s: %.80q has no three averages", path, line)
		}
	}
	return minutes, nil
}
