package host

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/collect"
)

// diskAt returns the disk check of a captured tree, whose uptime is at when the test begins and
// then goes on with the bubble's clock.
func diskAt(opt Options, at time.Duration) disk {
	var start time.Time
	return disk{tree: tree{proc: opt.Proc, sys: opt.Sys}, read: readDisks, uptime: func(now time.Time) time.Duration {
		if start.IsZero() {
			start = now
		}
		return at + now.Sub(start)
	}}
}

func diskSampleOf(t *testing.T, opt Options, at time.Duration) []byte {
	t.Helper()
	r, waited, err := runCheck(t, diskAt(opt, at), request("*", nil))
	if err != nil || waited != collect.SampleGap {
		t.Fatalf("%v after %v", err, waited)
	}
	return r.Sample
}

func TestDiskAgreesWithProc(t *testing.T) {
	first, later := captured("server", "first"), captured("server", "later")
	// The sample is the later one of its run's two.
	previous := diskSampleOf(t, first, 999*time.Second)
	for target, want := range map[string]string{
		// Δ busy 20000 (with an overflow) in 6000 requests; Δ weighted 30000 in 60 s.
		"sda": `reads 1001000
			writes 2005000
			read_bytes 41000960000
			write_bytes 82124800000
			rtime 4006000
			wtime 9024000
			qtime 29704
			time 12704
			service_time 3.3333
			queue 0.5`,
		"/dev/nvme0n1p2": "service_time 0.175\nqueue 0.55\nreads 7029900",
		"sda1":           "service_time 0\nqueue 0\nreads 500",
		"md0":            "service_time 0\nqueue 0",
	} {
		r, waited, err := runCheck(t, diskAt(later, 1060*time.Second), request(target, previous))
		if err != nil || r.Unavailable || waited != 0 {
			t.Fatalf("%s: %v %q after %v", target, err, r.Status, waited)
		}
		expect(t, r, "", want)
	}
}

func TestDiskAll(t *testing.T) {
	first, later := captured("server", "first"), captured("server", "later")
	r := mustRun(t, diskAt(later, 1060*time.Second), request("*", diskSampleOf(t, first, 999*time.Second)))
	const names = "loop0 sda sda1 sda2 sdb sdc nvme0n1 nvme0n1p1 nvme0n1p2 md0 dm-0"
	if got := dimensions(r); got != names {
		t.Errorf("%s", got)
	}
	if got := strings.Join(targets(t, typeNamed(t, later, "agent.disk")), " "); got != names {
		t.Errorf("targets %s", got)
	}
	// Two devices have no usable earlier sample: the check waits a second for them, which counts
	// for the others as well.
	expect(t, r, "sda", "queue 0.4918\nservice_time 3.3333")
	expect(t, r, "dm-0", "queue 0\nservice_time 0\nreads 10")
	expect(t, r, "sdc", "queue 0\nservice_time 0\nreads 20")
	if len(r.Metrics) != 11*10 {
		t.Errorf("%d metrics", len(r.Metrics))
	}
}

func TestDiskTakesTwoSamplesAfter(t *testing.T) {
	first, later := captured("server", "first"), captured("server", "later")
	good := diskSampleOf(t, first, 999*time.Second)
	for name, c := range map[string]struct {
		disk     disk
		previous []byte
	}{
		"reboot":            {diskAt(changed(t, "server", "later", "sys/kernel/random/boot_id", "another\n"), 1060*time.Second), good},
		"too soon":          {diskAt(later, 1000*time.Second+100*time.Millisecond), good},
		"clock went back":   {diskAt(later, 900*time.Second), good},
		"requests vanished": {diskAt(first, 1060*time.Second), diskSampleOf(t, later, 999*time.Second)},
		"busier than time":  {diskAt(later, 1002*time.Second), good},
		"another version":   {diskAt(later, 1060*time.Second), append([]byte{diskSampleKind, diskSampleVersion + 1}, good[2:]...)},
	} {
		r, waited, err := runCheck(t, c.disk, request("sda", c.previous))
		if waited != collect.SampleGap || err != nil || value(r, "", "queue") != "0" {
			t.Errorf("%s: waited %v, %v, queue %s", name, waited, err, value(r, "", "queue"))
		}
	}
}

// Without time for a second sample, the metrics that need none are reported.
func TestDiskWithoutTimeForASample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		r, err := diskAt(captured("vm", "first"), time.Second).Check(ctx, request("vda", nil))
		if err != nil || value(r, "", "reads") == "" || value(r, "", "queue") != "" {
			t.Errorf("%v, %+v", err, r)
		}
	})
}

func TestDiskOfInvalidDiskstats(t *testing.T) {
	for text, want := range map[string]string{
		"": "no disks are listed", "8 0 sda 1 2 3\n": "no disks are listed",
		"8 0 sda 1 2 3 4 5 6 7 8 9 10 x\n": `reading disks: sda: "x" is no counter`,
	} {
		opt := changed(t, "vm", "first", "diskstats", text)
		if _, _, err := runCheck(t, diskAt(opt, time.Second), request("*", nil)); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzDiskSample(f *testing.F) {
	f.Add([]byte{})
	f.Add(diskSample{at: time.Minute, devices: []diskCounters{{name: "sda", reads: 1, writes: 2, busy: 3, weighted: 1 << 50}, {}}}.encode(7))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := parseDiskSample(b, 7)
		if again := parseDiskSample(s.encode(7), 7); fmt.Sprint(again) != fmt.Sprint(s) {
			t.Fatalf("%v, then %v", s, again)
		}
		for _, d := range s.devices {
			now := diskCounters{name: d.name, reads: 1 << 40, writes: 1 << 40, busy: 17, weighted: 1 << 63}
			if span, ok := now.since(&d, time.Minute-s.at); ok {
				var g collect.MetricBuilder
				g.Double("queue", span.queue, "")
				g.Double("service_time", span.serviceTime, "")
				for _, m := range g.Metrics {
					if !m.Valid() {
						t.Fatalf("%+v", m)
					}
				}
			}
		}
	})
}
