package hardware

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v3/mem"

	"virgo/collect/cgroup"
	"virgo/collect/hostinfo/source"
)

type memoryInfo struct {
	Total       uint64  `json:"total" doc:"memory, bytes"`
	RAM         uint64  `json:"ram" doc:"memory, MiB"`
	Used        uint64  `json:"used" doc:"not free, caches included, bytes"`
	Free        uint64  `json:"free" doc:"unused, bytes"`
	ActualUsed  uint64  `json:"actual_used" doc:"not available to programs, bytes"`
	ActualFree  uint64  `json:"actual_free" doc:"available to programs, reclaimable caches included, bytes"`
	UsedPercent float64 `json:"used_percent" doc:"actual_used of total, percent"`
	FreePercent float64 `json:"free_percent" doc:"actual_free of total, percent"`
	SwapTotal   uint64  `json:"swap_total" doc:"swap space, bytes"`
	SwapUsed    uint64  `json:"swap_used" doc:"swap space in use, bytes"`
	SwapFree    uint64  `json:"swap_free" doc:"swap space not in use, bytes"`
	SwapPageIn  uint64  `json:"swap_page_in" doc:"read from swap space since boot, bytes"`
	SwapPageOut uint64  `json:"swap_page_out" doc:"written to swap space since boot, bytes"`

	CgroupMemoryLimit     *uint64 `json:"cgroup_memory_limit,omitempty" doc:"most memory that the control group of virgo may use (a container's, a unit's), bytes; absent without such a limit"`
	CgroupMemoryUsed      *uint64 `json:"cgroup_memory_used,omitempty" doc:"memory that this group uses, caches included, bytes"`
	CgroupMemoryAvailable *uint64 `json:"cgroup_memory_available,omitempty" doc:"memory that its programs can still get, reclaimable caches included, bytes"`
	CgroupSwapLimit       *uint64 `json:"cgroup_swap_limit,omitempty" doc:"most swap space that the group may use, bytes; absent without such a limit"`
	CgroupSwapUsed        *uint64 `json:"cgroup_swap_used,omitempty" doc:"swap space that the group uses, bytes"`
}

func memoryType() source.Type {
	return source.Type{
		Name:    "memory",
		Summary: "memory and swap space",
		Shape:   memoryInfo{},
		Read:    readMemory,
	}
}

func readMemory(ctx context.Context, h *source.Host) (any, error) {
	ctx = h.Gopsutil(ctx)
	v, err := readRAM(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading memory: %w", err)
	}
	s, err := readSwap(ctx)
	if err != nil {
		return memoryOf(v, &mem.SwapMemoryStat{}), fmt.Errorf("reading swap space: %w", err)
	}
	sizeSwap(s, v)
	m := memoryOf(v, s)
	m.addLimits(cgroup.ReadMemory(h.Path("/proc"), h.Path("/sys")))
	return m, nil
}

// addLimits adds the limits that agent.memory reports under the same names.
func (m *memoryInfo) addLimits(c cgroup.Memory) {
	if c.Limited {
		m.CgroupMemoryLimit, m.CgroupMemoryUsed, m.CgroupMemoryAvailable = &c.Limit, &c.Used, &c.Available
	}
	if c.SwapLimited {
		m.CgroupSwapLimit, m.CgroupSwapUsed = &c.SwapLimit, &c.SwapUsed
	}
}

func memoryOf(v *mem.VirtualMemoryStat, s *mem.SwapMemoryStat) memoryInfo {
	m := memoryInfo{
		Total: v.Total, RAM: v.Total >> 20, Free: v.Free, Used: v.Total - min(v.Free, v.Total),
		ActualFree: v.Available, ActualUsed: v.Total - min(v.Available, v.Total),
		SwapTotal: s.Total, SwapUsed: s.Used, SwapFree: s.Free, SwapPageIn: s.Sin, SwapPageOut: s.Sout,
	}
	if v.Total > 0 {
		m.UsedPercent = hundredths(100 * float64(m.ActualUsed) / float64(v.Total))
		m.FreePercent = hundredths(100 * float64(m.ActualFree) / float64(v.Total))
	}
	return m
}

// hundredths rounds to two decimals.
func hundredths(f float64) float64 { return float64(source.Round(f*100)) / 100 }
