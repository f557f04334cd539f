package systemd

import (
	"bytes"
	"strings"

	"virgo/collect/hostinfo/source"
)

// Bounds of the walk through control groups.
const (
	maxGroups = 20_000
	// maxGroupDepth is how deep slices and groups may be nested.
	maxGroupDepth = 16
)

// readRunning returns the units that have processes, by their control groups: the slices of version
// 2, or of version 1 as systemd mounts it. Groups that a unit creates below its own, such as a
// user's systemd, are part of the unit.
func readRunning(h *source.Host) map[string]bool {
	w := groupWalk{h: h, left: maxGroups, running: map[string]bool{}}
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd"} {
		w.walkSlice(top, maxGroupDepth)
	}
	return w.running
}

type groupWalk struct {
	h       *source.Host
	left    int // groups that may still be visited
	running map[string]bool
}

func (w *groupWalk) walkSlice(folder string, depth int) {
	names, err := w.h.Names(folder)
	if err != nil || depth == 0 {
		return // a group that cannot be listed is as one without units
	}
	for _, name := range names {
		if w.left--; w.left < 0 {
			return
		}
		unit := strings.TrimPrefix(name, "_") // before a name that could be a file of the kernel's
		switch {
		case strings.HasSuffix(name, ".slice"):
			w.walkSlice(folder+"/"+name, depth-1)
		case isService(unit) && w.isPopulated(folder+"/"+name, depth-1):
			w.running[unit] = true
		}
	}
}

// isPopulated reports whether there are processes in a group or below it. Version 2 says so; in
// version 1 they are searched for.
func (w *groupWalk) isPopulated(group string, depth int) bool {
	if b, err := w.h.Read(group + "/cgroup.events"); err == nil {
		return bytes.HasPrefix(b, []byte("populated 1\n")) || bytes.Contains(b, []byte("\npopulated 1\n"))
	}
	b, err := w.h.Read(group + "/cgroup.procs")
	if err != nil || len(b) > 0 || depth == 0 {
		return len(b) > 0
	}
	names, err := w.h.Names(group)
	if err != nil {
		return false
	}
	for _, name := range names {
		if w.left--; w.left < 0 {
			return false
		}
		if w.isPopulated(group+"/"+name, depth-1) {
			return true
		}
	}
	return false
}
