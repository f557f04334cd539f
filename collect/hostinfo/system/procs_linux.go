package system

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
	"virgo/collect/procfs"
)

// hiddenProcesses returns an error if an answer lacks the processes of other users.
func hiddenProcesses(h *source.Host) error {
	if !procfs.HidesProcesses(h.Path("/proc")) {
		return nil
	}
	return errors.New("processes of other users are missing, because /proc is mounted with hidepid: run virgo as root")
}

// addLinux adds what gopsutil leaves out.
func (i *processInfo) addLinux(h *source.Host) {
	folder := fmt.Sprintf("/proc/%d", i.PID)
	i.ExeRoot = h.Link(folder + "/root")
	if b, err := h.Read(folder + "/stat"); err == nil {
		if s, err := procfs.ParseStat(b); err == nil {
			i.Priority, i.Nice = s.Priority, s.Nice
		}
	}
	if b, err := h.Read(folder + "/statm"); err == nil {
		i.Share = parseShared(b, i.Resident)
	}
}

// parseShared returns the shared bytes of /proc/PID/statm: size resident shared …, in pages, whose
// size follows from the resident bytes.
func parseShared(b []byte, resident uint64) uint64 {
	f := strings.Fields(string(b))
	if len(f) < 3 {
		return 0
	}
	pages, err := strconv.ParseUint(f[1], 10, 32)
	shared, err2 := strconv.ParseUint(f[2], 10, 32)
	if err != nil || err2 != nil || pages == 0 {
		return 0
	}
	return shared * (resident / pages)
}
