package host

import (
	"bytes"
	"regexp"
	"testing"
	"time"

	gocpu "github.com/shirou/gopsutil/v3/cpu"
	godisk "github.com/shirou/gopsutil/v3/disk"
	"github.com/shirou/gopsutil/v3/mem"
	gonet "github.com/shirou/gopsutil/v3/net"

	"virgo/collect"
	"virgo/collect/procfs"
	"virgo/schedule"
)

// BenchmarkCheck measures each check of the built-in schedule, and filesystem_state, as in every
// run but the first, and beside it the gopsutil calls that a plain program would make for the same
// figures.
func BenchmarkCheck(b *testing.B) {
	for _, typ := range Types(Options{}) {
		switch typ.Name {
		case "agent.virgo", "agent.process", "agent.file", "agent.systemd":
			continue
		}
		b.Run(typ.Name, func(b *testing.B) {
			req := collect.Request{Check: schedule.Check{Details: schedule.Details{"target": "*"}}, Now: time.Now}
			r, err := typ.Checker.Check(b.Context(), req)
			if err != nil {
				b.Fatal(err)
			}
			// The sample must be old enough to be used: one of a moment after boot.
			if req.Previous = r.Sample; typ.Name == "agent.cpu" {
				c, _ := parseCPUSample(r.Sample, bootID(tree{proc: "/proc"}, time.Now()))
				early := cpuCounters{cores: make([]coreTimes, len(c.cores))}
				req.Previous = early.sample(bootID(tree{proc: "/proc"}, time.Now()))
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

// BenchmarkProcess measures agent.process on this host, whose number of processes it reports, by
// name and by command line.
func BenchmarkProcess(b *testing.B) {
	for name, w := range map[string]processCriteria{"name": {name: "no-such-program"}, "match": {match: regexp.MustCompile("no-such-program$")}} {
		b.Run(name, func(b *testing.B) {
			p := processes{tree: tree{proc: "/proc"}}
			seen := 0
			if err := procfs.EachProcess("/proc", func(int, string) error { seen++; return nil }); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			b.ReportMetric(float64(seen), "processes")
			for b.Loop() {
				if _, err := readProcesses(b.Context(), p, w, 0, time.Now()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkControlGroup measures what reading limits takes of agent.memory and agent.cpu, without
// and with some.
func BenchmarkControlGroup(b *testing.B) {
	for name, t := range map[string]tree{
		"this host": {proc: "/proc", sys: "/sys"},
		"unit":      {proc: "testdata/cgroup/unit/first/proc", sys: "testdata/cgroup/unit/first/sys"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				readMemoryLimit(t)
				readCPULimit(t, func() time.Duration { return 0 })
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
