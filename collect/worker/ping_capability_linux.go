package worker

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// pingGroups is the range of the groups that may open ICMP sockets, see icmp(7).
const pingGroups = "/proc/sys/net/ipv4/ping_group_range"

// keepPing gives the process the one capability that remote.ping needs for raw sockets, unless its
// groups may open ICMP sockets, or the agent does not have the capability itself: the start would then
// fail.
func keepPing(attr *syscall.SysProcAttr, a *Account) {
	text, err := os.ReadFile(pingGroups)
	if err == nil && mayPing(text, a) || !hasCapability(unix.CAP_NET_RAW) {
		return
	}
	attr.AmbientCaps = []uintptr{unix.CAP_NET_RAW}
}

// mayPing reports whether a group of the account is in the range, two numbers in text.
func mayPing(text []byte, a *Account) bool {
	bounds := bytes.Fields(text)
	if len(bounds) != 2 {
		return false
	}
	first, err1 := strconv.ParseUint(string(bounds[0]), 10, 32)
	last, err2 := strconv.ParseUint(string(bounds[1]), 10, 32)
	return err1 == nil && err2 == nil && slices.ContainsFunc(append([]uint32{a.GID}, a.Groups...), func(g uint32) bool {
		return uint64(g) >= first && uint64(g) <= last
	})
}

// hasCapability reports whether this process has a capability, see capget(2).
func hasCapability(capability uint) bool {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	err := unix.Capget(&header, &data[0])
	return err == nil && data[capability/32].Permitted&(1<<(capability%32)) != 0
}
