package system

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"virgo/collect/hostinfo/source"
)

type deletedLib struct {
	Process string `json:"used_by_process" doc:"name of the process that still uses it"`
	PID     int    `json:"pid" doc:"its number"`
	Library string `json:"deleted_lib_name" doc:"the library or program that was removed or replaced since the process started"`
}

func deletedLibsType() source.Type {
	return source.Type{
		Name:    "deleted_libs",
		Summary: "processes that still use libraries or programs that were replaced",
		Systems: []string{"linux"},
		Shape:   []deletedLib{},
		Read:    readDeletedLibs,
	}
}

func readDeletedLibs(ctx context.Context, h *source.Host) (any, error) {
	pids, err := h.PIDs()
	if err != nil {
		return nil, err
	}
	slices.Sort(pids)
	all := []deletedLib{}
	denied := 0
	for _, pid := range pids {
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading the maps of processes: %w", ctx.Err())
		}
		b, err := h.Read(fmt.Sprintf("/proc/%d/maps", pid))
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				denied++
			}
			continue // it has ended, or is another user's
		}
		for _, library := range parseDeleted(b) {
			all = append(all, deletedLib{h.ProcessName(pid), pid, library})
		}
	}
	return all, errors.Join(hiddenProcesses(h), deniedMaps(denied))
}

// deniedMaps returns an error if n processes were not read for want of rights; root has all that it
// can get.
func deniedMaps(n int) error {
	if n == 0 || os.Geteuid() == 0 {
		return nil
	}
	return fmt.Errorf("what %d processes of other users use cannot be read: run virgo as root", n)
}

// parseDeleted parses /proc/PID/maps (proc(5)):
//
//	address permissions offset device inode path
//
// It returns the paths of "(deleted)" files that have code in them. rpm first renames a file that
// it replaces to one with a ; and a number at its end.
func parseDeleted(b []byte) []string {
	var all []string
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		at := strings.IndexByte(line, '/')
		file, deleted := strings.CutSuffix(strings.TrimSpace(line), " (deleted)")
		if !deleted || len(f) < 7 || at < 0 || at > len(file) || !strings.Contains(f[1], "x") {
			continue
		}
		file = file[at:]
		if i := strings.LastIndexByte(file, ';'); i > 0 && len(file)-i == len(";5f3a0c1d") &&
			strings.Trim(file[i+1:], "0123456789abcdef") == "" {
			file = file[:i]
		}
		if !isSharedMemory(file) {
			all = append(all, file)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// isSharedMemory recognises the names of memory that programs share, which are no files.
func isSharedMemory(file string) bool {
	return slices.ContainsFunc([]string{"/dev/", "/memfd:", "/SYSV", "/i915", "/drm", "/[aio]", "/anon_hugepage"},
		func(prefix string) bool { return strings.HasPrefix(file, prefix) })
}
