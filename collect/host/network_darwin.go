package host

import (
	"context"

	"virgo/collect/macos"
)

// readInterfaces reads the interface of that name, or all (*). The link state is the interface's
// running flag; overruns, frame, collisions and carrier are not counted.
func readInterfaces(_ context.Context, _ tree, name string) ([]iface, error) {
	all, err := macos.Interfaces()
	if err != nil {
		return nil, err
	}
	var ifaces []iface
	for _, c := range all {
		if name != allTargets && name != c.Name {
			continue
		}
		i := iface{
			name: c.Name,
			rx:   traffic{bytes: c.RxBytes, packets: c.RxPackets, errors: c.RxErrors, dropped: c.RxDropped},
			tx:   traffic{bytes: c.TxBytes, packets: c.TxPackets, errors: c.TxErrors, dropped: c.TxDropped},
			link: "down", noOverruns: true,
		}
		if c.Running {
			i.link = "up"
		}
		ifaces = append(ifaces, i)
	}
	return ifaces, nil
}
