package hostinfo

import (
	"context"
	"os"
	"strconv"
	"strings"

	"virgo/collect/program"
)

// binary is where a program of the system's lies; empty where none of the names is installed.
func (h *Host) binary(names ...string) string {
	for _, name := range names {
		for _, folder := range program.Folders() {
			file := folder + "/" + name
			if info, err := os.Stat(h.path(file)); err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0 {
				return file
			}
		}
	}
	return ""
}

// exists says whether there is a file or folder of that name.
func (h *Host) exists(name string) bool {
	_, err := os.Stat(h.path(name))
	return err == nil
}

// daemons gives the processes of a program by the name that the kernel has of it (proc(5), comm: 15 bytes), by
// number.
func (h *Host) daemons(name string) []int {
	var found []int
	pids, _ := h.names("/proc") // where there is no /proc, nothing is seen to run
	for _, pid := range pids {
		n, err := strconv.Atoi(pid)
		if err != nil {
			continue
		}
		// One that cannot be read has ended meanwhile.
		if comm, _ := h.read("/proc/" + pid + "/comm"); strings.TrimSpace(string(comm)) == name[:min(len(name), 15)] {
			found = append(found, n)
		}
	}
	return found
}

// readUntil is read for one of many files: none any more when the time is up.
func (h *Host) readUntil(ctx context.Context, name string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return h.read(name)
}
