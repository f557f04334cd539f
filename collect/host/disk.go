package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// diskCounters count from boot.
type diskCounters struct {
	name                  string
	number                uint64 // as deviceNumber's; 0 where the system has none
	reads, writes         uint64 // completed
	readBytes, writeBytes uint64
	readTime, writeTime   uint64 // sum of the ms that requests took
	busy                  uint64 // ms with a request in progress
	weighted              uint64 // the same, times the requests in progress
}

type disk struct {
	tree   tree
	read   func(ctx context.Context, t tree) ([]diskCounters, error)
	uptime func(now time.Time) time.Duration
}

func diskType(t tree) collect.Type {
	return collect.Type{
		Name:    "agent.disk",
		Summary: "reads and writes of disks and partitions",
		Details: []collect.Detail{
			{Name: "target", Role: schedule.Other, Summary: "device, for example sda, /dev/mapper/vg-root or UUID=…, or * for all", Required: true},
		},
		KeyMetrics: []string{"read_bytes/s", "write_bytes/s", "queue", "service_time"},
		KernelOnly: disksByKernel,
		Checker:    disk{tree: t, read: readDisks, uptime: uptime},
	}
}

// Targets returns the devices that the target * selects.
func (d disk) Targets(ctx context.Context) ([]string, error) {
	devices, err := d.read(ctx, d.tree)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, c := range devices {
		if !c.idleVirtual() {
			names = append(names, c.name)
		}
	}
	return names, nil
}

// Check reports a device, or each (target *) except virtual ones that were never used. All metrics
// are counters since boot, except two that cover the time since the previous sample (kernel:
// Documentation/admin-guide/iostats.rst; fields as numbered there):
//
//	service_time = Δ field 10 / (Δ field 1 + Δ field 5)   busy ms per completed request
//	queue        = Δ field 11 / Δ ms                       requests in progress on average
//
// These are left out for a device that has just appeared.
func (d disk) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	name, err := collect.OptionalText(req.Check.Details, "target")
	switch {
	case err != nil:
		return collect.Report{}, err
	case name == "":
		return unavailable("Missing target parameter")
	}
	boot := bootID(d.tree, req.Now())
	now, err := d.sample(ctx, req, name)
	if err != nil {
		return collect.Report{}, err
	}
	before, first := parseDiskSample(req.Previous, boot), diskSample{}
	// If one device has no usable earlier sample, the check waits; the others keep theirs.
	if slices.ContainsFunc(now.devices, func(c diskCounters) bool { return !now.comparable(c, before) }) {
		first = now
		if err := pause(ctx); err != nil {
			return collect.Report{Sample: first.encode(boot)}, err
		}
		if now, err = d.sample(ctx, req, name); err != nil {
			return collect.Report{}, err
		}
	}
	if len(now.devices) == 0 {
		if name == allTargets {
			return collect.Report{}, errors.New("no disks are listed")
		}
		return unavailable("No such disk: " + name)
	}
	f := collect.MetricBuilder{Metrics: make([]collect.Metric, 0, 10*len(now.devices))}
	for _, c := range now.devices {
		if name == allTargets {
			f.Dimension = c.name
		}
		c.add(&f)
		earlier := before
		if !now.comparable(c, before) {
			earlier = first
		}
		if span, ok := c.since(earlier.find(c.name), now.at-earlier.at); ok {
			f.Double("service_time", span.serviceTime, "milliseconds")
			f.Double("queue", span.queue, "count")
		}
	}
	return collect.Report{Metrics: f.Metrics, Sample: now.encode(boot)}, nil
}

// sample reads the devices that the target names.
func (d disk) sample(ctx context.Context, req collect.Request, name string) (diskSample, error) {
	devices, err := d.read(ctx, d.tree)
	if err != nil {
		return diskSample{}, fmt.Errorf("reading disks: %w", err)
	}
	s := diskSample{at: d.uptime(req.Now())}
	if name == allTargets {
		s.devices = slices.DeleteFunc(devices, diskCounters.idleVirtual)
		return s, nil
	}
	i := slices.IndexFunc(devices, func(c diskCounters) bool { return c.name == name })
	if i < 0 {
		i = findDisk(d.tree, devices, name)
	}
	if i >= 0 {
		s.devices = devices[i : i+1]
	}
	return s, nil
}

func (c diskCounters) add(f *collect.MetricBuilder) {
	f.Int64("reads", c.reads, "count")
	f.Int64("writes", c.writes, "count")
	f.Int64("read_bytes", c.readBytes, "bytes")
	f.Int64("write_bytes", c.writeBytes, "bytes")
	f.Int64("rtime", c.readTime, "milliseconds")
	f.Int64("wtime", c.writeTime, "milliseconds")
	f.Int64("qtime", c.weighted, "milliseconds")
	f.Int64("time", c.busy, "milliseconds")
}

// idleVirtual reports whether the device was never used and is one that the kernel creates in
// advance (loop0 to loop7, ram0 to ram15) or a drive without a medium.
func (c diskCounters) idleVirtual() bool {
	if c.reads != 0 || c.writes != 0 {
		return false
	}
	for _, prefix := range [...]string{"loop", "ram", "zram", "nbd", "fd", "sr"} {
		rest, ok := strings.CutPrefix(c.name, prefix)
		if ok && rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			return true
		}
	}
	return false
}
