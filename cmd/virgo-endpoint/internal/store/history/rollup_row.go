package history

import (
	"encoding/binary"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	rollupVersion = 1
	// maxRolledSeries bounds the series of a row that is read.
	maxRolledSeries = 1 << 18
	// meanSteps is into how many steps the distance of minimum and maximum is divided for the mean.
	meanSteps = 1<<16 - 1
)

// rollup appends a roll-up to b. Series without values are left out.
func (e *encoder) rollup(b []byte, r rollup) []byte {
	b = append(b, rollupVersion)
	b = binary.AppendUvarint(b, uint64(len(r)))
	for i := range r {
		c := &r[i]
		b = binary.AppendUvarint(b, c.number)
		b = binary.AppendUvarint(b, uint64(c.period))
		n := 0
		for j := range c.series {
			if c.series[j].mask() != 0 {
				n++
			}
		}
		b = binary.AppendUvarint(b, uint64(n))
		var before *rolledSeries
		for j := range c.series {
			if s := &c.series[j]; s.mask() != 0 {
				b = e.rolled(b, s, before)
				before = s
			}
		}
	}
	return b
}

// mask has a bit for each bucket that has values.
func (s *rolledSeries) mask() (mask uint32) {
	for i := range s.buckets {
		if s.buckets[i].count > 0 {
			mask |= 1 << i
		}
	}
	return mask
}

// rolled appends a series. Most have their values in the same buckets as the series before.
func (e *encoder) rolled(b []byte, s, before *rolledSeries) []byte {
	number := s.number
	if before != nil {
		number -= before.number
	}
	same := before != nil && alike(s, before)
	b = binary.AppendUvarint(b, number<<1|uint64(bit(same)))
	if !same {
		late, counts := uint32(0), e.numbers[:0]
		for i := range s.buckets {
			if one := &s.buckets[i]; one.count > 0 {
				counts = append(counts, intake.IntValue(one.count))
				late |= uint32(bit(one.late)) << i
			}
		}
		b = binary.AppendUvarint(b, uint64(s.mask()))
		b = binary.AppendUvarint(b, uint64(late))
		b = e.columns.append(b, counts)
		e.numbers = counts
	}
	values := e.numbers[:0]
	for i := range s.buckets {
		if one := &s.buckets[i]; one.count > 0 {
			values = append(values, one.min, one.max)
		}
	}
	b = e.columns.append(b, values)
	e.numbers = values
	for i := range s.buckets {
		if one := &s.buckets[i]; one.count > 0 && one.min != one.max {
			b = binary.BigEndian.AppendUint16(b, one.place())
		}
	}
	return b
}

// alike reports whether two series have the same numbers of values in all buckets.
func alike(a, b *rolledSeries) bool {
	for i := range a.buckets {
		if a.buckets[i].count != b.buckets[i].count || a.buckets[i].late != b.buckets[i].late {
			return false
		}
	}
	return true
}

func bit(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// place returns where between minimum and maximum the mean is. Halves do not overflow.
func (b *bucket) place() uint16 {
	low, high := b.min.Float()/2, b.max.Float()/2
	if high <= low {
		return 0
	}
	return uint16(math.Round(min(max((b.mean/2-low)/(high-low), 0), 1) * meanSteps))
}

// setPlace sets the mean.
func (b *bucket) setPlace(place uint16) {
	part := float64(place) / meanSteps
	b.mean = b.min.Float()*(1-part) + b.max.Float()*part
}

// readRollup is the inverse of encoder.rollup.
func readRollup(content []byte, buckets int) (rollup, error) {
	r := &reader{rest: content}
	if r.byte() != rollupVersion {
		r.fail("an unknown version")
	}
	var list rollup
	left := maxRolledSeries
	for n := r.count(len(r.rest)); n > 0 && r.err == nil; n-- {
		c := rolledCheck{number: r.uvarint(), period: r.period()}
		if len(list) > 0 && c.number <= list[len(list)-1].number {
			r.fail("a check's number")
		}
		for k := r.take(&left); k > 0 && r.err == nil; k-- {
			r.rolled(&c, buckets)
		}
		list = append(list, c)
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("bytes behind its end")
	}
	return list, r.err
}

// rolled reads a series of c.
func (r *reader) rolled(c *rolledCheck, buckets int) {
	head := r.uvarint()
	s := rolledSeries{number: head >> 1, buckets: make([]bucket, buckets)}
	var before *rolledSeries
	if len(c.series) > 0 {
		before = &c.series[len(c.series)-1]
		s.number += before.number
	}
	switch {
	case r.err != nil:
		return
	case before != nil && s.number <= before.number, before == nil && head&1 != 0:
		r.fail("a series' number")
		return
	case head&1 != 0:
		for i := range s.buckets {
			s.buckets[i].count, s.buckets[i].late = before.buckets[i].count, before.buckets[i].late
		}
	default:
		r.counts(s.buckets)
	}
	var numbers [2 * maxBuckets]intake.Value
	n := 0
	for i := range s.buckets {
		if s.buckets[i].count > 0 {
			n += 2
		}
	}
	values := r.column(numbers[:0], n)
	if len(values) < n {
		return
	}
	for i := range s.buckets {
		one := &s.buckets[i]
		if one.count == 0 {
			continue
		}
		one.min, one.max, values = values[0], values[1], values[2:]
		switch {
		case one.min.Compare(one.max) > 0:
			r.fail("a minimum above its maximum")
		case one.min == one.max:
			one.mean = one.min.Float()
		default:
			high := r.byte()
			one.setPlace(uint16(high)<<8 | uint16(r.byte()))
		}
	}
	c.series = append(c.series, s)
}

// counts reads which buckets have values, how many, and which of them have late ones.
func (r *reader) counts(buckets []bucket) {
	mask, late := r.uvarint(), r.uvarint()
	if mask == 0 || mask>>len(buckets) != 0 || late&^mask != 0 {
		r.fail("the buckets of a series")
		return
	}
	var numbers [maxBuckets]intake.Value
	n := 0
	for i := range buckets {
		n += int(mask >> i & 1)
	}
	counts := r.column(numbers[:0], n)
	if len(counts) < n {
		return
	}
	for i := range buckets {
		if mask>>i&1 == 0 {
			continue
		}
		count, ok := counts[0].Int()
		if !ok || count <= 0 || count > 1<<40 {
			r.fail("the number of values")
			return
		}
		buckets[i].count, buckets[i].late, counts = count, late>>i&1 != 0, counts[1:]
	}
}
