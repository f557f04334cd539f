//go:build !linux && !darwin

package network

import (
	"context"

	"github.com/shirou/gopsutil/v3/net"

	"virgo/collect/hostinfo/source"
)

func readTraffic(ctx context.Context, h *source.Host) (map[string]traffic, error) {
	counters, err := net.IOCountersWithContext(ctx, true)
	all := make(map[string]traffic)
	for _, c := range counters {
		all[c.Name] = traffic{
			RxBytes: c.BytesRecv, RxPackets: c.PacketsRecv,
			RxErrors: c.Errin, RxDropped: c.Dropin, RxOverruns: c.Fifoin,
			TxBytes: c.BytesSent, TxPackets: c.PacketsSent,
			TxErrors: c.Errout, TxDropped: c.Dropout, TxOverruns: c.Fifoout,
		}
	}
	return all, err
}
