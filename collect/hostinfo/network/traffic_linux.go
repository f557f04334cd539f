package network

import (
	"context"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/source"
)

// readTraffic reads /proc/net/dev, because gopsutil leaves out collisions and carrier losses.
func readTraffic(_ context.Context, h *source.Host) (map[string]traffic, error) {
	b, err := h.Read("/proc/net/dev")
	if err != nil {
		return nil, err
	}
	return parseNetDev(b), nil
}

// parseNetDev parses /proc/net/dev (proc(5)): two header lines, then the interface, a colon, and
//
//	bytes packets errs drop fifo frame compressed multicast bytes packets errs drop fifo colls carrier compressed
func parseNetDev(b []byte) map[string]traffic {
	all := make(map[string]traffic)
	for line := range strings.Lines(string(b)) {
		name, counters, ok := strings.Cut(line, ":")
		f := strings.Fields(counters)
		if !ok || len(f) < 16 || len(all) >= source.MaxEntries {
			continue
		}
		var n [16]uint64
		for i := range n {
			n[i], _ = strconv.ParseUint(f[i], 10, 64) // the kernel writes numbers
		}
		all[strings.TrimSpace(name)] = traffic{
			RxBytes: n[0], RxPackets: n[1], RxErrors: n[2], RxDropped: n[3], RxOverruns: n[4],
			TxBytes: n[8], TxPackets: n[9], TxErrors: n[10], TxDropped: n[11], TxOverruns: n[12],
			TxCollisions: n[13], TxCarrier: n[14],
		}
	}
	return all
}
