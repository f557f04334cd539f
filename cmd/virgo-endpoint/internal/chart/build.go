package chart

import (
	"math"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/figure"
	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A sample is a point of a series of numbers.
type sample struct {
	// at is where it stands in a plot: the time of the result, or the middle of the span, in whole seconds where nobody sees
	// less. time is exact.
	at, time       int64
	mean, min, max float64
	span           bool
	late, gap      bool
}

// fineSpan is the span of time up to which milliseconds are seen.
const fineSpan = 20 * time.Minute

// sampleOf makes a sample of a point for a plot from one time to another; the span of a point does not go beyond.
func sampleOf(p *intake.Point, from, to int64) sample {
	s := sample{time: p.Time.UnixMilli(), mean: p.Mean, min: p.Min.Float(), max: p.Max.Float(), span: p.Span > 0, late: p.Late, gap: p.Gap}
	if p.Span > 0 {
		s.time += min(p.Span.Milliseconds(), max(to-s.time, 0)) / 2
	}
	s.at = s.time
	if to-from > fineSpan.Milliseconds() {
		s.at -= s.at % 1000
	}
	return s
}

// A builder makes a plot of a frame.
type builder struct {
	frame    *framed
	list     []intake.Series
	points   map[int][]sample
	from, to int64
}

// A value is one of a line.
type value struct {
	at          int64
	y, lo, hi   float64
	late, broke bool // broke: no line leads to it
}

// plot returns the plot; not ok if there is nothing to draw.
func (b *builder) plot() (Plot, bool) {
	f := b.frame
	p := Plot{ID: f.checkID + "/" + f.ID, CheckID: f.checkID, CheckType: f.checkType, Title: f.Title, Sentence: f.Sentence, Dimension: f.Dimension,
		Unit: f.Unit, Min: f.Min, Max: f.Max, Lines: []Line{}, Late: [][2]int{}, Limits: []Threshold{}}
	var lines [][]value
	drawn, idle := false, true
	for i := range f.Lines {
		values := b.line(&f.Lines[i])
		moved := false
		for _, v := range values {
			if !math.IsNaN(v.y) {
				drawn = true
				moved = moved || v.y != 0 || v.hi > 0
			}
		}
		idle = idle && !moved
		first := &b.list[f.sources[f.Lines[i].Add[0]]]
		if f.Idle && !moved && f.Dimension == "" && first.Dimension != "" { // a disk among others that nobody uses
			continue
		}
		lines = append(lines, values)
		p.Lines = append(p.Lines, Line{Name: f.Lines[i].Name, Dimension: first.Dimension, Metric: first.Metric})
	}
	if !drawn || idle && f.Idle {
		return p, false
	}
	if f.Top != nil {
		top := math.NaN()
		for _, v := range b.line(f.Top) {
			top = math.Max(v.y, orLess(top))
		}
		if top > 0 {
			p.Max = &top
		}
	}
	p.X = times(lines)
	late := make([]bool, len(p.X))
	round := rounder(scale(&p, lines))
	for i, values := range lines {
		fill(&p, &p.Lines[i], values, round, late)
	}
	p.Late = runs(late)
	return p, true
}

func orLess(v float64) float64 {
	if math.IsNaN(v) {
		return math.Inf(-1)
	}
	return v
}

// scale returns the length of the scale of a plot.
func scale(p *Plot, lines [][]value) float64 {
	least, greatest := math.Inf(1), math.Inf(-1)
	for _, values := range lines {
		for _, v := range values {
			if !math.IsNaN(v.y) {
				least, greatest = math.Min(least, math.Min(v.y, v.lo)), math.Max(greatest, math.Max(v.y, v.hi))
			}
		}
	}
	if p.Min != nil {
		least = *p.Min
	}
	if p.Max != nil {
		greatest = *p.Max
	}
	return greatest - least
}

// line returns the values of a line in the order of time.
func (b *builder) line(l *figure.Line) []value {
	first := b.points[b.frame.sources[l.Add[0]]]
	others := make([]cursor, 0, len(l.Add)+len(l.Take)+len(l.Of)-1)
	for n, i := range slices.Concat(l.Add[1:], l.Take, l.Of) {
		c := cursor{points: b.points[b.frame.sources[i]]}
		switch {
		case n < len(l.Add)-1:
			c.part = add
		case n < len(l.Add)-1+len(l.Take):
			c.part = take
		default:
			c.part = of
		}
		others = append(others, c)
	}
	values := make([]value, 0, len(first))
	for i := range first {
		s := &first[i]
		v := value{at: s.at, late: s.late, broke: s.gap}
		switch {
		case l.Counter:
			v.y = rate(first, i)
			v.lo, v.hi, v.broke = v.y, v.y, false // without a rate there is no line either
		default:
			v.y, v.lo, v.hi = combine(s, others)
		}
		v.y, v.lo, v.hi = v.y*l.Factor, v.lo*l.Factor, v.hi*l.Factor
		if s.at >= b.from {
			values = append(values, v)
		}
	}
	return values
}

// A cursor walks through the points of a series beside another's.
type cursor struct {
	points []sample
	next   int
	part   part
}

type part uint8

const (
	add part = iota
	take
	of
)

// combine computes a value from those of several series at the same time; it is NaN if one of them is missing.
func combine(s *sample, others []cursor) (y, lo, hi float64) {
	y, lo, hi = s.mean, s.min, s.max
	whole, share := 0.0, false
	for i := range others {
		c := &others[i]
		for c.next < len(c.points) && c.points[c.next].at < s.at {
			c.next++
		}
		if c.next == len(c.points) || c.points[c.next].at != s.at {
			return math.NaN(), math.NaN(), math.NaN()
		}
		o := &c.points[c.next]
		switch c.part {
		case add:
			y, lo, hi = y+o.mean, lo+o.min, hi+o.max
		case take:
			y, lo, hi = y-o.mean, lo-o.max, hi-o.min
		case of:
			whole, share = whole+o.mean, true
		}
	}
	if share {
		if whole == 0 {
			return math.NaN(), math.NaN(), math.NaN()
		}
		y, lo, hi = y/whole, math.Max(lo/whole, 0), math.Min(hi/whole, 1)
	}
	return y, lo, hi
}

// rate returns how fast a counter grew from the point before to point i, per second: NaN for the first, over a gap, and where
// the counter was set back.
func rate(points []sample, i int) float64 {
	if i == 0 || points[i].gap {
		return math.NaN()
	}
	before, now := &points[i-1], &points[i]
	seconds := float64(now.time-before.time) / 1000
	// The greatest value of a span is its last one, unless the counter was set back within it.
	grown := now.max - before.max
	if seconds <= 0 || grown < 0 || now.span && now.min < before.max && before.span {
		return math.NaN()
	}
	return grown / seconds
}

// times returns the times of all lines, and one in each gap.
func times(lines [][]value) Times {
	var all Times
	for _, values := range lines {
		for i, v := range values {
			all = append(all, v.at)
			if v.broke && i > 0 {
				all = append(all, values[i-1].at+(v.at-values[i-1].at)/2)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fill sets the values of a line, and which of the plot's times came late.
func fill(p *Plot, line *Line, values []value, round func(float64) float64, late []bool) {
	line.Y = make(Numbers, len(p.X))
	band := slices.ContainsFunc(values, func(v value) bool { return v.lo != v.hi && !math.IsNaN(v.lo) })
	if band {
		line.Lo, line.Hi = make(Numbers, len(p.X)), make(Numbers, len(p.X))
	}
	n := 0
	for i, at := range p.X {
		v := value{y: math.NaN(), lo: math.NaN(), hi: math.NaN()}
		switch {
		case n < len(values) && values[n].at == at:
			v = values[n]
			late[i] = late[i] || v.late
			for n < len(values) && values[n].at == at { // several at one time: the last one stands
				n++
			}
		case n > 0 && n < len(values) && values[n-1].late && values[n].late:
			late[i] = true // a gap within what came late
		}
		line.Y[i] = round(v.y)
		if band {
			line.Lo[i], line.Hi[i] = round(v.lo), round(v.hi)
		}
	}
}

// runs returns the first and last index of each run of true.
func runs(flags []bool) [][2]int {
	list := [][2]int{}
	for i, on := range flags {
		switch {
		case !on:
		case i > 0 && flags[i-1]:
			list[len(list)-1][1] = i
		default:
			list = append(list, [2]int{i, i})
		}
	}
	return list
}
