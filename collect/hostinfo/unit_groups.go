package hostinfo

import (
	"bytes"
	"strings"
)

// Bounds of the look through control groups.
const (
	// maxGroups are looked at.
	maxGroups = 20_000
	// maxGroupDepth bounds how far slices and groups lie in one another.
	maxGroupDepth = 16
)

// runningUnits gives the units of the system's that have processes, by their control groups: the slices of
// version 2, or of version 1 as systemd mounts it. What a unit makes below its own group, a user's systemd
// for example, is a part of it.
func (h *Host) runningUnits() map[string]bool {
	w := groupWalk{h: h, left: maxGroups, running: map[string]bool{}}
	for _, top := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/systemd"} {
		w.slices(top, maxGroupDepth)
	}
	return w.running
}

type groupWalk struct {
	h       *Host
	left    int
	running map[string]bool
}

func (w *groupWalk) slices(folder string, depth int) {
	names, err := w.h.names(folder)
	if err != nil || depth == 0 {
		return // what cannot be listed runs nothing that can be told
	}
	for _, name := range names {
		if w.left--; w.left < 0 {
			return
		}
		unit := strings.TrimPrefix(name, "_") // before a name that could be a file of the kernel's
		switch {
		case strings.HasSuffix(name, ".slice"):
			w.slices(folder+"/"+name, depth-1)
		case isServiceUnit(unit) && w.populated(folder+"/"+name, depth-1):
			w.running[unit] = true
		}
	}
}

// populated says whether there are processes in a group or below it: version 2 tells, in version 1 they are
// looked for.
func (w *groupWalk) populated(group string, depth int) bool {
	if b, err := w.h.read(group + "/cgroup.events"); err == nil {
		return bytes.HasPrefix(b, []byte("populated 1\n")) || bytes.Contains(b, []byte("\npopulated 1\n"))
	}
	b, err := w.h.read(group + "/cgroup.procs")
	if err != nil || len(b) > 0 || depth == 0 {
		return len(b) > 0
	}
	names, err := w.h.names(group)
	if err != nil {
		return false
	}
	for _, name := range names {
		if w.left--; w.left < 0 {
			return false
		}
		if w.populated(group+"/"+name, depth-1) {
			return true
		}
	}
	return false
}
