package hardware

import (
	"context"
	"strconv"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/mem"

	"virgo/collect/macos"
)

// Without cgo, gopsutil has neither the processors' times nor disks, and runs vm_stat for memory.

func processorTimes(context.Context) ([]cpu.TimesStat, error) {
	all, err := macos.Processors()
	times := make([]cpu.TimesStat, 0, len(all))
	seconds := func(ticks uint64) float64 { return float64(ticks) / macos.TicksPerSecond }
	for i, p := range all {
		times = append(times, cpu.TimesStat{
			CPU: "cpu" + strconv.Itoa(i), User: seconds(p.User), System: seconds(p.System), Nice: seconds(p.Nice), Idle: seconds(p.Idle),
		})
	}
	return times, err
}

func diskCounters(ctx context.Context) (map[string]disk.IOCountersStat, error) {
	disks, err := macos.Disks(ctx)
	all := make(map[string]disk.IOCountersStat, len(disks))
	for _, d := range disks {
		all[d.Name] = disk.IOCountersStat{
			Name: d.Name, ReadCount: d.Reads, WriteCount: d.Writes, ReadBytes: d.ReadBytes, WriteBytes: d.WriteBytes,
			ReadTime: uint64(d.ReadTime / time.Millisecond), WriteTime: uint64(d.WriteTime / time.Millisecond),
		}
	}
	return all, err
}

func readRAM(context.Context) (*mem.VirtualMemoryStat, error) {
	m, err := macos.ReadMemory()
	return &mem.VirtualMemoryStat{Total: m.Total, Free: m.Free, Available: m.Available}, err
}

func readSwap(context.Context) (*mem.SwapMemoryStat, error) {
	m, err := macos.ReadMemory()
	return &mem.SwapMemoryStat{
		Total: m.SwapTotal, Free: m.SwapFree, Used: m.SwapTotal - min(m.SwapFree, m.SwapTotal), Sin: m.SwapIn, Sout: m.SwapOut,
	}, err
}
