//go:build !linux && !darwin

package host

import (
	"context"
	"net"

	gopsutil "github.com/shirou/gopsutil/v3/net"
)

// readInterfaces reads the interface of that name, or all (*). The link state is the interface's
// running flag; frame, collisions and carrier are not counted.
func readInterfaces(ctx context.Context, t tree, name string) ([]iface, error) {
	counters, err := gopsutil.IOCountersWithContext(t.context(ctx), true)
	if err != nil {
		return nil, supported(err)
	}
	var ifaces []iface
	for _, c := range counters {
		if name != allTargets && name != c.Name {
			continue
		}
		i := iface{
			name: c.Name,
			rx:   traffic{bytes: c.BytesRecv, packets: c.PacketsRecv, errors: c.Errin, dropped: c.Dropin, overruns: c.Fifoin},
			tx:   traffic{bytes: c.BytesSent, packets: c.PacketsSent, errors: c.Errout, dropped: c.Dropout, overruns: c.Fifoout},
			link: "unknown",
		}
		if known, err := net.InterfaceByName(c.Name); err == nil {
			i.link = "down"
			if known.Flags&net.FlagRunning != 0 {
				i.link = "up"
			}
		}
		ifaces = append(ifaces, i)
	}
	return ifaces, nil
}
