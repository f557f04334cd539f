//go:build !linux

package hostinfo

import (
	"context"

	"github.com/shirou/gopsutil/v3/net"
)

func (h *Host) traffic(ctx context.Context) (map[string]traffic, error) {
	counters, err := net.IOCountersWithContext(ctx, true)
	all := make(map[string]traffic)
	for _, c := range counters {
		all[c.Name] = traffic{
			RxBytes: c.BytesRecv, RxPackets: c.PacketsRecv, RxErrors: c.Errin, RxDropped: c.Dropin, RxOverruns: c.Fifoin,
			TxBytes: c.BytesSent, TxPackets: c.PacketsSent, TxErrors: c.Errout, TxDropped: c.Dropout, TxOverruns: c.Fifoout,
		}
	}
	return all, err
}
