package procfs

import (
	"bytes"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// HidesProcesses reports whether the /proc at proc hides other users' processes from this one: it is
// mounted with the option hidepid (proc(5)), and neither CAP_SYS_PTRACE nor membership in the group
// of the option gid exempts this process. Some kernels name the values.
func HidesProcesses(proc string) bool {
	if hasCapability(unix.CAP_SYS_PTRACE) {
		return false
	}
	var options []byte
	_ = EachLine(proc+"/self/mountinfo", func(line []byte) bool {
		if m, ok := ParseMount(line); ok && string(m.Kind) == "proc" && string(m.Point) == "/proc" {
			options = append(options[:0], m.SuperOptions...) // the last one covers the others
		}
		return true
	})
	mode, group := "", 0
	for option := range bytes.SplitSeq(options, []byte(",")) {
		name, value, _ := bytes.Cut(option, []byte("="))
		switch string(name) {
		case "hidepid":
			mode = string(value)
		case "gid":
			group, _ = strconv.Atoi(string(value))
		}
	}
	switch mode {
	case "", "0", "off":
		return false
	case "4", "ptraceable": // for every group
		return true
	}
	groups, err := os.Getgroups()
	return os.Getegid() != group && (err != nil || !slices.Contains(groups, group))
}

// hasCapability reports whether this process has a capability (capabilities(7)); if that cannot be
// found out, it has none.
func hasCapability(number uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return false
	}
	return data[number/32].Effective&(1<<(number%32)) != 0
}
