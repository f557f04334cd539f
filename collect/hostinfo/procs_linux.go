package hostinfo

import (
	"fmt"
	"strconv"
	"strings"
)

// more adds what gopsutil leaves out.
func (i *processInfo) more(h *Host) {
	folder := fmt.Sprintf("/proc/%d", i.PID)
	i.ExeRoot = h.link(folder + "/root")
	if b, err := h.read(folder + "/stat"); err == nil {
		i.Priority, i.Nice = parsePriority(b, i.Nice)
	}
	if b, err := h.read(folder + "/statm"); err == nil {
		i.Share = parseShared(b, i.Resident)
	}
}

// parsePriority gives fields 18 and 19 of /proc/PID/stat (proc(5)); the name in field 2 may hold anything, so
// they are counted from its last bracket. Where the line is none the priority is 0 and the nice value stays.
func parsePriority(b []byte, nice int) (int, int) {
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	if len(f) < 17 {
		return 0, nice
	}
	priority, err := strconv.Atoi(f[15])
	n, err2 := strconv.Atoi(f[16])
	if err != nil || err2 != nil {
		return 0, nice
	}
	return priority, n
}

// parseShared gives the shared pages of /proc/PID/statm in bytes: size resident shared …, in pages, whose size
// is what the resident bytes say.
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
