package host

import (
	"bytes"
	"testing"
	"time"

	gocpu "github.com/shirou/gopsutil/v3/cpu"
	godisk "github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/mem"
	gonet "github.com/shirou/gopsutil/v3/net"

	"virgo/collect"
	"virgo/schedule"
)

// BenchmarkCheck is each check of the built-in schedule as it runs from the second run on, and beside it
// the gopsutil calls that a plain program would make for the same figures.
func BenchmarkCheck(b *testing.B) {
	for _, typ := range Types(Options{}) {
		if typ.Name == "agent.virgo" {
			continue
		}
		b.Run(typ.Name, func(b *testing.B) {
			req := collect.Request{Check: schedule.Check{Details: schedule.Details{"target": "*"}}, Now: time.Now}
			r, err := typ.Checker.Check(b.Context(), req)
			if err != nil {
				b.Fatal(err)
			}
			// The sample has to be old enough to be used: that of a moment near the boot.
			if req.Previous = r.Sample; typ.Name == "agent.cpu" {
				c, _ := parseCPUSample(r.Sample, bootMark(tree{proc: "/proc"}, time.Now()))
				early := cpuCounters{cores: make([]coreTimes, len(c.cores))}
				req.Previous = early.sample(bootMark(tree{proc: "/proc"}, time.Now()))
			}
			time.Sleep(minDiskSpan)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := typ.Checker.Check(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for name, call := range map[string]func() error{
		"agent.cpu":    func() error { _, err := gocpu.Times(true); return err },
		"agent.memory": func() error { _, err := mem.VirtualMemory(); _, err2 := mem.SwapMemory(); return orElse(err, err2) },
		"agent.disk":   func() error { _, err := godisk.IOCounters(); return err },
		"agent.filesystem": func() error {
			_, err := godisk.Partitions(true)
			_, err2 := godisk.Usage("/")
			return orElse(err, err2)
		},
		"agent.network": func() error { _, err := gonet.IOCounters(true); return err },
	} {
		b.Run("gopsutil/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func orElse(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

func BenchmarkSample(b *testing.B) {
	c := cpuCounters{cores: make([]coreTimes, 256)}
	for i := range c.cores {
		c.cores[i] = coreTimes{total: 1 << 33, idle: 1 << 32}
	}
	sample := c.sample(7)
	b.ReportAllocs()
	for b.Loop() {
		if back, ok := parseCPUSample(sample, 7); !ok || !bytes.Equal(back.sample(7), sample) {
			b.Fatal(back)
		}
	}
}
