package group

import "strings"

const (
	// unit is the unit that package timer installs.
	unit = "/virgo.service"
	// maxFileBytes bounds what is read of a file of the kernel.
	maxFileBytes = 16 << 10
)

// unitGroup returns the group of a process from its /proc/PID/cgroup, "" if it is not that of the
// unit, or its path is not one below the root that this process sees.
func unitGroup(file string) string {
	_, line, _ := strings.Cut("\n"+file, "\n0::")
	path, _, whole := strings.Cut(line, "\n")
	if !whole || !strings.HasPrefix(path, "/") || !strings.HasSuffix(path, unit) || strings.Contains(path, "/../") {
		return ""
	}
	return path
}

// brokeLimit reports whether processes of a group were killed because they had too much memory
// together. events is its memory.events: oom counts that its own limit was met, oom_kill also those
// whom a limit above or the host's want of memory ended.
func brokeLimit(events string) bool { return counted(events, "oom") && counted(events, "oom_kill") }

// counted reports whether a line "NAME NUMBER" has another number than 0.
func counted(events, name string) bool {
	_, line, found := strings.Cut("\n"+events, "\n"+name+" ")
	number, _, whole := strings.Cut(line, "\n")
	return found && whole && number != "0"
}
