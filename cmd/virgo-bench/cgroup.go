package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

// A memoryController is the kernel's accounting of memory by control groups, as this process sees it.
type memoryController struct {
	// unified is version 2 of control groups.
	unified bool
	// mount is the folder of the hierarchy, group this process's own group below it.
	mount, group string
}

// peakFile returns the name of the file with the most bytes that a group has been charged at once.
func (c memoryController) peakFile() string {
	if c.unified {
		return "memory.peak"
	}
	return "memory.max_usage_in_bytes"
}

var errNoController = errors.New("no control groups with a memory controller are mounted")

// findMemoryController finds the memory controller in /proc/self/mountinfo (proc_pid_mountinfo(5)) and
// this process's group in /proc/self/cgroup (cgroups(7)). Version 1 counts if both are mounted: a
// controller belongs to one of them, and systemd's hybrid layout leaves it to version 1.
func findMemoryController(mountinfo, cgroup []byte) (memoryController, error) {
	var found []memoryController
	scan := bufio.NewScanner(bytes.NewReader(mountinfo))
	for scan.Scan() {
		// ID PARENT MAJOR:MINOR ROOT MOUNT OPTIONS TAGS... - TYPE SOURCE SUPEROPTIONS
		left, right, _ := strings.Cut(scan.Text(), " - ")
		mount, fs := strings.Fields(left), strings.Fields(right)
		if len(mount) < 5 || len(fs) < 3 {
			continue
		}
		unified := fs[0] == "cgroup2"
		if !unified && (fs[0] != "cgroup" || !hasItem(fs[2], "memory")) {
			continue
		}
		group, ok := ownGroup(cgroup, unified)
		if !ok {
			continue
		}
		// In a container the mounted part of the hierarchy may begin at the container's group.
		root := unescape(mount[3])
		if root != "/" && group != root && !strings.HasPrefix(group, root+"/") {
			continue
		}
		c := memoryController{unified, unescape(mount[4]), path.Clean("/" + strings.TrimPrefix(group, root))}
		if !unified {
			return c, scan.Err()
		}
		found = append(found, c)
	}
	if len(found) == 0 {
		return memoryController{}, errors.Join(errNoController, scan.Err())
	}
	return found[0], scan.Err()
}

// ownGroup returns the path of the group in a cgroup file, whose lines are ID:CONTROLLERS:PATH, with
// neither ID nor controllers for version 2.
func ownGroup(cgroup []byte, unified bool) (string, bool) {
	for line := range strings.Lines(string(cgroup)) {
		parts := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3)
		if len(parts) != 3 {
			continue
		}
		if unified && parts[0] == "0" && parts[1] == "" || !unified && hasItem(parts[1], "memory") {
			return parts[2], true
		}
	}
	return "", false
}

// hasItem reports whether a list that is separated by commas has an item.
func hasItem(list, item string) bool {
	return strings.Contains(","+list+",", ","+item+",")
}

// unescape replaces the octal escapes of mountinfo, which stand for blanks and backslashes.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// parseBytes parses a file that has one number of bytes.
func parseBytes(text []byte) (int64, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%q is no number of bytes", text)
	}
	return n, nil
}
