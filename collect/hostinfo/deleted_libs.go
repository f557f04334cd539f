package hostinfo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

type deletedLib struct {
	Process string `json:"used_by_process" doc:"name of the process that still uses it"`
	PID     int    `json:"pid" doc:"its number"`
	Library string `json:"deleted_lib_name" doc:"the library or program that was removed or replaced since the process started"`
}

func deletedLibsType() Type {
	return Type{
		Name:    "deleted_libs",
		Summary: "processes that still use libraries or programs that were replaced",
		Systems: []string{"linux"},
		Shape:   []deletedLib{},
		Read:    readDeletedLibs,
	}
}

func readDeletedLibs(ctx context.Context, h *Host) (any, error) {
	names, err := h.names("/proc")
	if err != nil {
		return nil, err
	}
	all := []deletedLib{}
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		if ctx.Err() != nil {
			return all, fmt.Errorf("reading the maps of processes: %w", ctx.Err())
		}
		b, err := h.read("/proc/" + name + "/maps")
		if err != nil {
			continue // it has ended, or is somebody else's
		}
		libraries := parseDeleted(b)
		if len(libraries) == 0 {
			continue
		}
		comm, _ := h.read("/proc/" + name + "/comm") // it may have ended meanwhile
		for _, l := range libraries {
			all = append(all, deletedLib{strings.TrimSpace(string(comm)), pid, l})
		}
	}
	slices.SortStableFunc(all, func(a, b deletedLib) int { return a.PID - b.PID })
	return all, nil
}

// parseDeleted parses /proc/PID/maps (proc(5)):
//
//	address permissions offset device inode path
//
// and gives the paths of files with code in them that are "(deleted)". rpm gives a file that it replaces another
// name for a while, with a ; and a number behind it.
func parseDeleted(b []byte) []string {
	var all []string
	code := make(map[string]bool)
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		at := strings.IndexByte(line, '/')
		file, deleted := strings.CutSuffix(strings.TrimSpace(line), " (deleted)")
		if !deleted || len(f) < 7 || at < 0 || at > len(file) {
			continue
		}
		file = file[at:]
		if i := strings.LastIndexByte(file, ';'); i > 0 && len(file)-i == 9 && strings.Trim(file[i+1:], "0123456789abcdef") == "" {
			file = file[:i]
		}
		// Memory that programs share among each other has such names, too.
		if strings.HasPrefix(file, "/dev/") || strings.HasPrefix(file, "/memfd:") || strings.HasPrefix(file, "/SYSV") ||
			strings.HasPrefix(file, "/i915") || strings.HasPrefix(file, "/drm") || strings.HasPrefix(file, "/[aio]") || strings.HasPrefix(file, "/anon_hugepage") {
			continue
		}
		if strings.Contains(f[1], "x") && !code[file] {
			code[file] = true
			all = append(all, file)
		}
	}
	slices.Sort(all)
	return all
}
