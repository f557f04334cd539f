package network

import (
	"context"

	"virgo/collect/hostinfo/source"
	"virgo/collect/macos"
)

func readTraffic(context.Context, *source.Host) (map[string]traffic, error) {
	counters, err := macos.Interfaces()
	all := make(map[string]traffic, len(counters))
	for _, c := range counters {
		all[c.Name] = traffic{
			RxBytes: c.RxBytes, RxPackets: c.RxPackets, RxErrors: c.RxErrors, RxDropped: c.RxDropped,
			TxBytes: c.TxBytes, TxPackets: c.TxPackets, TxErrors: c.TxErrors, TxDropped: c.TxDropped, TxCollisions: c.Collisions,
		}
	}
	return all, err
}
