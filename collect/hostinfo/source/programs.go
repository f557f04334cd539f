package source

import (
	"context"
	"os"
	"strconv"
	"strings"

	"virgo/collect/program"
)

// Run runs a program of the host and returns its output. A missing program is an error that names it.
func (h *Host) Run(ctx context.Context, name string, args ...string) ([]byte, error) {
	if h.Output != nil {
		return h.Output(ctx, name, args...)
	}
	return program.Output(ctx, name, args...)
}

// Program returns the path of the first of these programs that is installed, or "".
func (h *Host) Program(names ...string) string {
	for _, name := range names {
		for _, folder := range program.Folders() {
			file := folder + "/" + name
			if IsExecutable(os.Stat(h.Path(file))) {
				return file
			}
		}
	}
	return ""
}

// IsExecutable reports whether os.Stat found a regular file that somebody may run.
func IsExecutable(info os.FileInfo, err error) bool {
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// PIDs lists the processes in /proc, in no particular order; none where there is no /proc.
func (h *Host) PIDs() ([]int, error) {
	names, err := h.Names("/proc")
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids, err
}

// ProcessName returns the name that the kernel has of a process (comm of proc(5), at most 15
// bytes), or "" if it has ended.
func (h *Host) ProcessName(pid int) string {
	comm, err := h.Read("/proc/" + strconv.Itoa(pid) + "/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(comm))
}

// Processes returns the processes of a program, by the name that the kernel has of them.
func (h *Host) Processes(name string) []int {
	const maxComm = 15 // bytes, as the kernel truncates it
	var found []int
	pids, _ := h.PIDs() // without /proc nothing is seen to run
	for _, pid := range pids {
		if h.ProcessName(pid) == name[:min(len(name), maxComm)] {
			found = append(found, pid)
		}
	}
	return found
}
