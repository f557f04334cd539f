package policy

import (
	"os"
	"slices"
	"strconv"
	"strings"
)

// Files of /proc that scripts may read of any process, and besides of their own. The others tell
// command lines, environments and memory, or lead past the rules for paths: no grant opens them.
func processFiles() []string { return []string{"stat", "statm", "status", "io"} }
func ownFiles() []string {
	return []string{"mountinfo", "mounts", "mountstats", "cgroup", "limits"}
}

// isSecretProc reports whether a clean path is one of /proc, or a descriptor of this process, that
// no script may use. The file system may be mounted elsewhere, as /host/proc in containers.
func isSecretProc(path string) bool {
	parts := strings.Split(strings.ToLower(path), "/")
	if len(parts) > 2 && parts[1] == "dev" && slices.Contains([]string{"fd", "stdin", "stdout", "stderr"}, parts[2]) {
		return true
	}
	for i, part := range parts {
		if part == "proc" && isSecretBelowProc(parts[i+1:]) {
			return true
		}
	}
	return false
}

// isSecretBelowProc decides on what follows /proc/.
func isSecretBelowProc(rest []string) bool {
	if len(rest) == 0 {
		return false
	}
	switch rest[0] {
	case "kcore", "kmsg", "keys", "vmcore":
		return true
	}
	if !isProcess(rest[0]) || len(rest) == 1 {
		return false
	}
	own := rest[0] == "self" || rest[0] == strconv.Itoa(os.Getpid())
	switch name := rest[1]; {
	case own && name == "net":
		return false
	case len(rest) > 2:
		return true
	case slices.Contains(processFiles(), name):
		return false
	default:
		return !own || !slices.Contains(ownFiles(), name)
	}
}

// isProcess reports whether a name below /proc is a process.
func isProcess(name string) bool {
	switch name {
	case "self", "thread-self", "curproc":
		return true
	}
	return name != "" && strings.Trim(name, digits) == ""
}

// canonicalProc returns a path or a glob with /proc/self for this process, under whatever name it
// is meant.
func canonicalProc(path string) string {
	rest, ok := strings.CutPrefix(path, "/proc/")
	if !ok {
		return path
	}
	if own, ok := strings.CutPrefix(rest, strconv.Itoa(os.Getpid())+"/"); ok {
		return "/proc/self/" + own
	}
	if rest == "net" || rest == "mounts" || strings.HasPrefix(rest, "net/") { // links to self
		return "/proc/self/" + rest
	}
	return path
}

// isKernelTree reports whether a clean path is below /sys.
func isKernelTree(path string) bool { return strings.HasPrefix(path, "/sys/") }
