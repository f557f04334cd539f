package host

import (
	"encoding/binary"
	"time"
)

// A diskSample contains the counters of some devices, read at one time of uptime's clock.
type diskSample struct {
	at      time.Duration
	devices []diskCounters
}

// find returns the counters of a device; nil if it is not in the sample.
func (s diskSample) find(name string) *diskCounters {
	for i := range s.devices {
		if s.devices[i].name == name {
			return &s.devices[i]
		}
	}
	return nil
}

// comparable reports whether c, which belongs to s, can be compared with an earlier sample.
func (s diskSample) comparable(c diskCounters, earlier diskSample) bool {
	_, ok := c.since(earlier.find(c.name), s.at-earlier.at)
	return ok
}

// A diskSpan is the difference of two samples of a device.
type diskSpan struct{ serviceTime, queue float64 }

// minDiskSpan is the shortest time between two samples: counters are in milliseconds and updated
// when a request ends.
const minDiskSpan = 200 * time.Millisecond

// since compares c with the counters elapsed ago (nil: none); false where that is not possible. The
// kernel counts milliseconds in 32 bits, which overflow after 49 days of work; counters of requests
// do not overflow, so where they went back it is another device.
func (c diskCounters) since(before *diskCounters, elapsed time.Duration) (diskSpan, bool) {
	if before == nil || elapsed < minDiskSpan || c.reads < before.reads || c.writes < before.writes {
		return diskSpan{}, false
	}
	requests := c.reads - before.reads + c.writes - before.writes
	busy := increase32(before.busy, c.busy)
	weighted := increase32(before.weighted, c.weighted)
	ms := float64(elapsed) / float64(time.Millisecond)
	// One second more, because the counters and the clock are not read at the same moment.
	if !busyIsSum && float64(busy) > ms+1000 {
		return diskSpan{}, false
	}
	span := diskSpan{queue: float64(weighted) / ms}
	if requests > 0 {
		span.serviceTime = float64(busy) / float64(requests)
	}
	return span, true
}

// increase32 returns how much a 32-bit counter grew.
func increase32(before, now uint64) uint64 {
	if now < before && before < 1<<32 {
		return now + 1<<32 - before
	}
	return increase(before, now)
}

const (
	diskSampleKind    = 'd'
	diskSampleVersion = 1
)

// encode encodes the time in ms, the number of devices, and of each its name, reads, writes, busy and
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

// parseDiskSample returns the zero value for a sample that cannot be used.
func parseDiskSample(b []byte, boot uint64) diskSample {
	r, id := openSample(b, diskSampleKind, diskSampleVersion)
	s := diskSample{at: r.milliseconds()}
	s.devices = make([]diskCounters, r.count(5))
	for i := range s.devices {
		s.devices[i] = diskCounters{
			name: string(r.text()), reads: r.uint(), writes: r.uint(), busy: r.uint(), weighted: r.uint(),
		}
	}
	if !r.ok() || !sameBoot(id, boot) {
		return diskSample{}
	}
	return s
}
