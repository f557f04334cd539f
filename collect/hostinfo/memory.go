package hostinfo

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"
)

type memoryInfo struct {
	Total       uint64  `json:"total" doc:"memory, bytes"`
	RAM         uint64  `json:"ram" doc:"memory, MiB"`
	Used        uint64  `json:"used" doc:"not free, caches and all, bytes"`
	Free        uint64  `json:"free" doc:"used by nobody, bytes"`
	ActualUsed  uint64  `json:"actual_used" doc:"what programs cannot get, bytes"`
	ActualFree  uint64  `json:"actual_free" doc:"what programs can get, caches that can be given up among it, bytes"`
	UsedPercent float64 `json:"used_percent" doc:"actual_used of total, percent"`
	FreePercent float64 `json:"free_percent" doc:"actual_free of total, percent"`
	SwapTotal   uint64  `json:"swap_total" doc:"swap space, bytes"`
	SwapUsed    uint64  `json:"swap_used" doc:"swap space in use, bytes"`
	SwapFree    uint64  `json:"swap_free" doc:"swap space not in use, bytes"`
	SwapPageIn  uint64  `json:"swap_page_in" doc:"read from swap space since the boot, bytes"`
	SwapPageOut uint64  `json:"swap_page_out" doc:"written to swap space since the boot, bytes"`
}

func memoryType() Type {
	return Type{
		Name:    "memory",
		Summary: "memory and swap space",
		Shape:   memoryInfo{},
		Read:    readMemory,
	}
}

func readMemory(ctx context.Context, h *Host) (any, error) {
	ctx = h.library(ctx)
	v, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading memory: %w", err)
	}
	m := memoryInfo{
		Total: v.Total, RAM: v.Total >> 20, Free: v.Free, Used: v.Total - min(v.Free, v.Total),
		ActualFree: v.Available, ActualUsed: v.Total - min(v.Available, v.Total),
	}
	if v.Total > 0 {
		m.UsedPercent = hundredths(100 * float64(m.ActualUsed) / float64(v.Total))
		m.FreePercent = hundredths(100 * float64(m.ActualFree) / float64(v.Total))
	}
	s, err := mem.SwapMemoryWithContext(ctx)
	if err != nil {
		return m, fmt.Errorf("reading swap space: %w", err)
	}
	m.SwapTotal, m.SwapUsed, m.SwapFree, m.SwapPageIn, m.SwapPageOut = s.Total, s.Used, s.Free, s.Sin, s.Sout
	return m, nil
}

// hundredths rounds to two decimals.
func hundredths(f float64) float64 { return float64(whole(f*100)) / 100 }
