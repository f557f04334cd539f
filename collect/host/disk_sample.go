package host

import (
	"encoding/binary"
	"time"
)

// A diskSample is the counters of some devices at one time of uptime's clock.
type diskSample struct {
	at      time.Duration
	devices []diskCounters
}

// find returns the counters of a device; nil where it is not in the sample.
func (s diskSample) find(name string) *diskCounters {
	for i := range s.devices {
		if s.devices[i].name == name {
			return &s.devices[i]
		}
	}
	return nil
}

// comparable reports whether c, which is of s, can be compared with an earlier sample.
func (s diskSample) comparable(c diskCounters, earlier diskSample) bool {
	_, ok := c.since(earlier.find(c.name), s.at-earlier.at)
	return ok
}

// A diskSpan is what lies between two samples of a device.
type diskSpan struct{ serviceTime, queue float64 }

// minDiskSpan is the least that has to lie between two samples: counters are kept in milliseconds and
// brought up to date when a request ends.
const minDiskSpan = 200 * time.Millisecond

// since compares with what was counted elapsed ago, nil for nothing; false where that is not possible.
// The counters of milliseconds have 32 bits in the kernel and start again at 0 after 49 days of work;
// those of requests do not, so when they went back it is another device.
func (c diskCounters) since(before *diskCounters, elapsed time.Duration) (diskSpan, bool) {
	if before == nil || elapsed < minDiskSpan || c.reads < before.reads || c.writes < before.writes {
		return diskSpan{}, false
	}
	requests := c.reads - before.reads + c.writes - before.writes
	busy := wrapped(before.busy, c.busy)
	weighted := wrapped(before.weighted, c.weighted)
	ms := float64(elapsed) / float64(time.Millisecond)
	// A second of grace: the samples are not taken at the very time that the clock is read.
	if float64(busy) > ms+1000 {
		return diskSpan{}, false
	}
	span := diskSpan{queue: float64(weighted) / ms}
	if requests > 0 {
		span.serviceTime = float64(busy) / float64(requests)
	}
	return span, true
}

// wrapped is by how much a counter of 32 bits grew, in the 64 that it is read with.
func wrapped(before, now uint64) uint64 {
	if now < before && before < 1<<32 {
		return now + 1<<32 - before
	}
	return grown(before, now)
}

const (
	diskSampleKind    = 'd'
	diskSampleVersion = 1
)

// encode is the time in ms, how many devices there are, and of each its name, reads, writes, busy and
// weighted.
func (s diskSample) encode(boot uint64) []byte {
	b := newSample(diskSampleKind, diskSampleVersion, boot)
	b = binary.AppendUvarint(b, uint64(s.at.Milliseconds()))
	b = binary.AppendUvarint(b, uint64(len(s.devices)))
	for _, c := range s.devices {
		b = appendText(b, c.name)
		for _, n := range [...]uint64{c.reads, c.writes, c.busy, c.weighted} {
			b = binary.AppendUvarint(b, n)
		}
	}
	return b
}

// parseDiskSample returns the zero sample, which has no devices, for one that cannot be used.
func parseDiskSample(b []byte, boot uint64) diskSample {
	r, mark := openSample(b, diskSampleKind, diskSampleVersion)
	s := diskSample{at: r.milliseconds()}
	s.devices = make([]diskCounters, r.count(5))
	for i := range s.devices {
		s.devices[i] = diskCounters{name: string(r.text()), reads: r.uint(), writes: r.uint(), busy: r.uint(), weighted: r.uint()}
	}
	if !r.ok() || !sameBoot(mark, boot) {
		return diskSample{}
	}
	return s
}
