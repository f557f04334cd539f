package host

import (
	"encoding/binary"
	"time"

	"virgo/collect"
)

// A processSample contains the processes that matched at one time of uptime's clock, by PID.
type processSample struct {
	at  time.Duration // in ms
	all []process
	// unread is the number of processes that could not be read; it is not stored.
	unread int
}

// spent returns the CPU time that a process used since the earlier sample, in ticks. known is false
// for a process that is older than that sample and not in it.
func (p process) spent(earlier map[uint64]process, elapsed time.Duration) (ticks uint64, known bool) {
	if b, ok := earlier[p.pid]; ok && b.start == p.start {
		return increase(b.ticks, p.ticks), true
	}
	if p.age <= elapsed {
		return p.ticks, true
	}
	return 0, false
}

func (s processSample) byPID() map[uint64]process {
	m := make(map[uint64]process, len(s.all))
	for _, p := range s.all {
		m[p.pid] = p
	}
	return m
}

// follows reports whether s can be compared with the earlier sample: there is enough time between
// them, and the CPU time of at least one process is known.
func (s processSample) follows(before processSample) bool {
	if s.at-before.at < minCPUSpan {
		return false
	}
	earlier := before.byPID()
	for _, p := range s.all {
		if _, known := p.spent(earlier, s.at-before.at); known {
			return true
		}
	}
	return len(s.all) == 0
}

// cpuPercent returns the CPU time since the earlier sample, 100 for one processor; ok is false if
// no time has passed.
func (s processSample) cpuPercent(before processSample) (percent float64, ok bool) {
	elapsed := s.at - before.at
	if elapsed <= 0 {
		return 0, false
	}
	earlier := before.byPID()
	sum := uint64(0)
	for _, p := range s.all {
		ticks, _ := p.spent(earlier, elapsed)
		sum += ticks
	}
	return 100 * float64(sum) / ticksPerSecond / elapsed.Seconds(), true
}

const (
	processSampleKind    = 'p'
	processSampleVersion = 1
	// maxProcessBytes bounds what one process takes of a sample.
	maxProcessBytes = 3 * binary.MaxVarintLen64
)

// encode encodes the time in ms, and of each process its pid minus that of the one before, its
// start and its ticks. What exceeds the bound of a sample is left out.
func (s processSample) encode(boot uint64) []byte {
	b := newSample(processSampleKind, processSampleVersion, boot)
	b = binary.AppendUvarint(b, uint64(s.at.Milliseconds()))
	last := uint64(0)
	for _, p := range s.all {
		if len(b)+maxProcessBytes > collect.MaxSampleBytes {
			break
		}
		b = binary.AppendUvarint(b, p.pid-last)
		b = binary.AppendUvarint(b, p.start)
		b = binary.AppendUvarint(b, p.ticks)
		last = p.pid
	}
	return b
}

func parseProcessSample(b []byte, boot uint64) (processSample, bool) {
	r, id := openSample(b, processSampleKind, processSampleVersion)
	s := processSample{at: r.milliseconds()}
	last := uint64(0)
	for len(r.rest) > 0 && !r.invalid {
		last += r.uint()
		s.all = append(s.all, process{pid: last, start: r.uint(), ticks: r.uint()})
	}
	return s, r.ok() && sameBoot(id, boot)
}
