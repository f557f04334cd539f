package alarm

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"virgo/schedule"
)

// memoryVersion begins the stored form of a Memory.
const memoryVersion = 1

// errMemory is returned for a stored Memory that is damaged, or of a later version.
var errMemory = errors.New("the stored values of alarms cannot be read")

// MarshalBinary returns the stored form of what the memory knows; not of what it needs. Times are stored in
// ms.
func (m *Memory) MarshalBinary() ([]byte, error) {
	b := []byte{memoryVersion, 0}
	if m.available {
		b[1] = 1
	}
	b = appendTime(b, m.at)
	b = binary.AppendVarint(b, m.period.Milliseconds())
	b = appendText(b, m.status)
	b = binary.AppendUvarint(b, m.count)
	b = binary.AppendUvarint(b, uint64(len(m.dimensions)))
	for _, d := range m.dimensions {
		b = appendText(b, d)
	}
	b = binary.AppendUvarint(b, uint64(len(m.series)))
	for _, s := range m.series {
		b = appendText(appendText(b, s.dimension), s.name)
		b = binary.AppendUvarint(b, s.count)
		b = s.previous.append(s.last.append(b))
		b = binary.AppendUvarint(b, uint64(len(s.rings)))
		for _, r := range s.rings {
			b = r.append(b)
		}
	}
	return b, nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(f))
}

// The kinds of stored samples.
const (
	noSample byte = iota
	textSample
	numberSample
)

func (s *sample) append(b []byte) []byte {
	switch {
	case !s.set:
		return append(b, noSample)
	case s.isNumber:
		b = appendFloat(append(b, numberSample), s.number)
	default:
		b = append(b, textSample)
	}
	return appendText(appendTime(b, s.at), s.text)
}

func (r *ring) append(b []byte) []byte {
	b = append(appendText(b, r.window.Metric), byte(r.window.Kind))
	b = binary.AppendVarint(b, r.window.Over.Milliseconds())
	b = appendTime(appendTime(b, r.first), r.last)
	b = binary.AppendVarint(b, r.newest)
	for _, bucket := range r.buckets {
		if b = binary.AppendUvarint(b, uint64(bucket.count)); bucket.count > 0 {
			b = appendFloat(b, bucket.value)
		}
	}
	return b
}

// UnmarshalBinary reads the stored form into a memory that knows what it needs; what is stored besides is
// dropped.
func (m *Memory) UnmarshalBinary(b []byte) error {
	d := decoder{rest: b}
	if d.byte() != memoryVersion {
		return errMemory
	}
	read := Memory{available: d.byte() == 1, at: d.time(), period: time.Duration(d.varint()) * time.Millisecond}
	read.status, read.count = d.text(maxTextSeen), d.uvarint()
	for range d.number(MaxDimensions) {
		read.dimensions = append(read.dimensions, d.text(schedule.MaxIDBytes))
	}
	for range d.number(maxSeries) {
		s := &series{dimension: d.text(maxTextSeen), name: d.text(maxTextSeen), count: d.uvarint(), last: d.sample(), previous: d.sample()}
		for range d.number(maxRings) {
			s.rings = append(s.rings, d.ring())
		}
		read.series = append(read.series, s)
	}
	if d.failed || len(d.rest) > 0 || read.period < 0 || read.period > schedule.MaxPeriod || !read.sorted() {
		return errMemory
	}
	needs := m.needs
	*m = read
	m.Adapt(needs)
	return nil
}

// maxRings bounds the stored windows of one series.
const maxRings = 1000

// sorted reports whether the series are in the order in which they are searched.
func (m *Memory) sorted() bool {
	for i := range m.series {
		if at, found := m.find(m.series[i].dimension, m.series[i].name); !found || at != i {
			return false
		}
	}
	return true
}

// number reads a count of at most most things.
func (d *decoder) number(most uint64) uint64 {
	n := d.uvarint()
	if n > most {
		d.failed = true
	}
	if d.failed {
		return 0
	}
	return n
}

func (d *decoder) text(most uint64) string { return string(d.take(int(d.number(most)))) }

func (d *decoder) float() float64 {
	b := d.take(8)
	if b == nil {
		return 0
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(f) {
		d.failed = true
	}
	return f
}

func (d *decoder) sample() (s sample) {
	switch d.byte() {
	case noSample:
		return s
	case numberSample:
		s.isNumber, s.number = true, d.float()
	case textSample:
	default:
		d.failed = true
	}
	s.set, s.at = true, d.time()
	s.text = d.text(maxTextSeen)
	return s
}

func (d *decoder) ring() *ring {
	w := Window{Metric: d.text(maxTextSeen), Kind: windowKind(d.byte()), Over: time.Duration(d.varint()) * time.Millisecond}
	if w.Kind == noWindow || w.Kind > windowTrend || w.Over < time.Minute || w.Over > MaxWindow {
		d.failed = true
		w = Window{Over: time.Minute}
	}
	r := newRing(w)
	r.first, r.last, r.newest = d.time(), d.time(), d.varint()
	if r.newest < -maxMilliseconds || r.newest > maxMilliseconds {
		d.failed = true
	}
	for i := range r.buckets {
		if r.buckets[i].count = uint32(d.number(math.MaxUint32 - 1)); r.buckets[i].count > 0 {
			r.buckets[i].value = d.float()
		}
	}
	return r
}
