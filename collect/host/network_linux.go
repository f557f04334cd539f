package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"virgo/collect/procfs"
)

// readInterfaces reads the interface of that name, or all (*), from /proc/net/dev (proc(5); kernel:
// Documentation/networking/statistics.rst). After two header lines:
//
//	name: bytes packets errs drop fifo frame compressed multicast, then transmitted:
//	      bytes packets errs drop fifo colls carrier compressed
func readInterfaces(_ context.Context, t tree, name string) ([]iface, error) {
	var (
		ifaces []iface
		bad    error
		number = 0
	)
	err := procfs.EachLine(t.proc+"/net/dev", func(line []byte) bool {
		if number++; number <= 2 {
			return true
		}
		colon := bytes.LastIndexByte(line, ':')
		if colon < 0 {
			return true
		}
		label := bytes.TrimLeft(line[:colon], " ")
		if name != allTargets && string(label) != name {
			return true
		}
		var n [16]uint64
		got, err := procfs.Numbers(line[colon+1:], n[:])
		if err == nil && got < len(n) {
			err = errors.New("too few counters")
		}
		if err != nil {
			bad = fmt.Errorf("%s: %w", label, err)
			return false
		}
		ifaces = append(ifaces, iface{
			name:     string(label),
			rx:       traffic{bytes: n[0], packets: n[1], errors: n[2], dropped: n[3], overruns: n[4]},
			tx:       traffic{bytes: n[8], packets: n[9], errors: n[10], dropped: n[11], overruns: n[12]},
			detailed: true,
			frame:    n[5], collisions: n[13], carrier: n[14],
		})
		return true
	})
	for i := range ifaces {
		ifaces[i].link = linkState(t, ifaces[i].name)
	}
	return ifaces, errors.Join(err, bad)
}

// linkState reads the operational state of an interface (kernel:
// Documentation/networking/operstates.rst, after RFC 2863). One that passes no packets is down,
// whatever it waits for; one that does not report its state (the loopback, most tunnels) is
// unknown.
func linkState(t tree, name string) string {
	var buf [32]byte
	state, err := procfs.FirstLine(t.sys+"/class/net/"+name+"/operstate", buf[:])
	if err != nil {
		return "unknown"
	}
	switch string(state) {
	case "up":
		return "up"
	case "down", "lowerlayerdown", "notpresent", "dormant", "testing":
		return "down"
	}
	return "unknown"
}
