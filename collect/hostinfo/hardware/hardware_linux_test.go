package hardware

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/mem"

	"virgo/collect/hostinfo/source"
	"virgo/collect/hostinfo/sourcetest"
)

func TestCPUAgreesWithTheKernel(t *testing.T) {
	all := sourcetest.Read[[]processor](t, &source.Host{}, cpuType())
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\ncpu"); len(all) != n || all[0].TotalCores != n {
		t.Errorf("%d processors, the kernel has %d: %+v", len(all), n, all)
	}
	if p := all[0]; p.Name != "cpu.0" || p.Model == "" || p.Total < p.Idle || p.Idle == 0 {
		t.Errorf("%+v", p)
	}
}

func TestMemoryAgreesWithTheKernel(t *testing.T) {
	m := sourcetest.Read[memoryInfo](t, &source.Host{}, memoryType())
	b, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		t.Fatal(err)
	}
	var kib uint64
	if _, err := fmt.Sscanf(string(b), "MemTotal: %d kB", &kib); err != nil || m.Total != kib<<10 {
		t.Errorf("%d, the kernel says %d KiB, %v", m.Total, kib, err)
	}
	if m.ActualFree+m.ActualUsed != m.Total || m.Used+m.Free != m.Total ||
		m.FreePercent+m.UsedPercent < 99.9 || m.FreePercent+m.UsedPercent > 100.1 {
		t.Errorf("%+v", m)
	}
}

// In a container /proc/meminfo may be the container's own (lxcfs), while sysinfo(2) has the machine's
// swap space.
func TestSwapOfAContainer(t *testing.T) {
	h := sourcetest.Tree(t, map[string]string{
		"/proc/meminfo": "MemTotal: 2048 kB\nMemFree: 1024 kB\nMemAvailable: 1536 kB\nBuffers: 0 kB\nCached: 0 kB\nSwapTotal: 4194300 kB\nSwapFree: 3155360 kB\n",
		"/proc/vmstat":  "pswpin 2\npswpout 3\n",
	}, nil)
	m := sourcetest.Read[memoryInfo](t, h, memoryType())
	if m.Total != 2<<20 || m.SwapTotal != 4194300<<10 || m.SwapFree != 3155360<<10 || m.SwapUsed != (4194300-3155360)<<10 {
		t.Errorf("%+v", m)
	}
}

func TestProcessors(t *testing.T) {
	got := processors(
		[]cpu.TimesStat{{CPU: "cpu0", User: 1.5, System: 2, Idle: 10, Nice: 0.25, Iowait: 1, Irq: 0.5,
			Softirq: 0.5, Steal: 0.25, Guest: 1}, {CPU: "cpu1"}},
		[]cpu.InfoStat{{VendorID: "GenuineIntel", ModelName: "Intel(R)  Xeon", Mhz: 2400.4, PhysicalID: "0"}},
	)
	want := processor{Name: "cpu.0", Vendor: "GenuineIntel", Model: "Intel(R) Xeon", MHz: 2400,
		TotalCores: 2, TotalSockets: 1,
		User: 1500, Sys: 2000, Nice: 250, Idle: 10000, Wait: 1000, IRQ: 500, SoftIRQ: 500, Stolen: 250, Total: 16000}
	if len(got) != 2 || got[0] != want || got[1].Model != "Intel(R) Xeon" {
		t.Errorf("%+v", got)
	}
}

// The error of a missing lshw names it.
func TestMissingLshw(t *testing.T) {
	got, err := lshwType().Read(t.Context(), sourcetest.Tree(t, nil, nil))
	if err == nil || err.Error() != "lshw is not installed" || got != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func FuzzLshw(f *testing.F) {
	sourcetest.Seeds(f, "machine/*.out/lshw")
	f.Fuzz(func(t *testing.T, b []byte) {
		info, err := parseLshw(b)
		if err == nil {
			sourcetest.CheckJSON(t, b, info)
		}
	})
}

func TestMemoryOf(t *testing.T) {
	const gib = 1 << 30
	got := memoryOf(&mem.VirtualMemoryStat{Total: 3 * gib, Free: gib / 2, Available: 2 * gib},
		&mem.SwapMemoryStat{Total: 10, Used: 4, Free: 6, Sin: 1, Sout: 2})
	want := memoryInfo{
		Total: 3 * gib, RAM: 3072, Free: gib / 2, Used: 3*gib - gib/2, ActualFree: 2 * gib, ActualUsed: gib,
		UsedPercent: 33.33, FreePercent: 66.67, SwapTotal: 10, SwapUsed: 4, SwapFree: 6, SwapPageIn: 1, SwapPageOut: 2,
	}
	if got != want {
		t.Errorf("%+v", got)
	}
	// What a system reports while it changes is no reason for numbers below zero.
	if got := memoryOf(&mem.VirtualMemoryStat{Free: 1, Available: 1},
		&mem.SwapMemoryStat{}); got.Used != 0 || got.ActualUsed != 0 {
		t.Errorf("%+v", got)
	}
}

// One description stands for all processors that have none of their own.
func TestProcessorsWithDescriptions(t *testing.T) {
	times := make([]cpu.TimesStat, 3)
	got := processors(times, []cpu.InfoStat{{ModelName: "a", PhysicalID: "0"}, {ModelName: "b", PhysicalID: "1"}})
	if got[0].Model != "a" || got[1].Model != "b" || got[2].Model != "b" || got[0].TotalSockets != 2 {
		t.Errorf("%+v", got)
	}
	if got := processors(times, nil); len(got) != 3 || got[2].Name != "cpu.2" || got[0].TotalSockets != 0 {
		t.Errorf("%+v", got)
	}
}
