package alarm

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"virgo/schedule/number"
	"virgo/schedule/shorttext"
)

// Limits of a Memory. What is beyond is ignored.
const (
	MaxDimensions = 1024 // of one check
	maxSeries     = 4096 // series of one check that rules name
)

// A Value is one metric of a result. Dimension is empty where there is none.
type Value struct {
	Dimension, Name, Value string
}

// A Result is one result of a check.
type Result struct {
	// At is the result's place in time.
	At        time.Time
	Period    time.Duration
	Available bool
	Status    string
	// Values may be nil. Texts are copied where they are kept.
	Values iter.Seq[Value]
}

// A Memory is what rules know of one check of one host. It is not safe for concurrent use.
type Memory struct {
	needs Needed
	// series are those whose metric is needed, by dimension and name, sorted.
	series []*series
	// dimensions are those of the last available result, sorted.
	dimensions []string

	at        time.Time
	period    time.Duration
	available bool
	status    string
	// count is the number of available results, forgot what it was when series were removed last.
	count, forgot uint64
}

// A series is one metric in one dimension.
type series struct {
	dimension, name string
	last, previous  sample
	// count is that of the memory at the last value: a series that the newest result has not is behind it.
	count uint64
	rings []*ring
}

// A sample is a value at a time.
type sample struct {
	at     time.Time
	text   string
	number float64
	// isNumber is true if number is the value.
	isNumber bool
	set      bool
}

// NewMemory returns a memory for what rules need.
func NewMemory(needs Needed) *Memory { return &Memory{needs: needs} }

// Adapt makes m remember what other rules need, and keeps what it knows already.
func (m *Memory) Adapt(needs Needed) {
	m.needs = needs
	m.series = slices.DeleteFunc(m.series, func(s *series) bool { return !needs.metric(s.dimension, s.name) })
	for _, s := range m.series {
		old := s.rings
		s.rings = needs.rings(s.dimension, s.name)
		for i, r := range s.rings {
			for _, o := range old {
				if o.window == r.window {
					s.rings[i] = o
				}
			}
		}
	}
}

// Add adds a result. One that is older than the last one counts for windows alone.
func (m *Memory) Add(r Result) {
	newest := m.at.IsZero() || !r.At.Before(m.at)
	if newest {
		m.at, m.period, m.available, m.status = r.At, r.Period, r.Available, shorttext.Truncate(r.Status, maxTextSeen)
	}
	if !r.Available {
		return
	}
	var dimensions []string
	if newest {
		m.count++
	}
	if r.Values != nil {
		for v := range r.Values {
			if newest && len(dimensions) < MaxDimensions && (len(dimensions) == 0 || dimensions[len(dimensions)-1] != v.Dimension) {
				dimensions = append(dimensions, v.Dimension)
			}
			if s := m.seriesOf(v.Dimension, v.Name); s != nil {
				s.add(r.At, v.Value, newest, m.count)
			}
		}
	}
	if newest {
		m.setDimensions(dimensions)
	}
}

func (m *Memory) setDimensions(found []string) {
	slices.Sort(found)
	found = slices.Compact(found)
	if slices.Equal(found, m.dimensions) {
		return
	}
	m.dimensions = nil
	for _, d := range found {
		m.dimensions = append(m.dimensions, strings.Clone(d))
	}
}

// Time returns the place in time of the newest result; zero if there is none.
func (m *Memory) Time() time.Time { return m.at }

// Fill adds what is known of a span of the past for windows, before the first result is added.
func (m *Memory) Fill(dimension, name string, p Past) {
	if s := m.seriesOf(dimension, name); s != nil {
		s.fill(p)
	}
}

// Past is a number over a span of time, as a roll-up has it.
type Past struct {
	At             time.Time
	Min, Max, Mean float64
	// Last is the last value in the span, for counters; Max of a counter that was not reset.
	Last float64
}

func (s *series) fill(p Past) {
	for _, r := range s.rings {
		switch r.window.Kind {
		case windowMin:
			r.add(p.At, p.Min)
		case windowMax:
			r.add(p.At, p.Max)
		case windowRise:
			if s.last.set {
				r.add(p.At, rise(s.last.number, p.Last))
			}
		default:
			r.add(p.At, p.Mean)
		}
	}
	if s.last.at.Before(p.At) {
		s.previous, s.last = s.last, sample{at: p.At, number: p.Last, isNumber: true, set: true}
	}
}

// rise is what a counter grew; after a reset it began at 0.
func rise(before, now float64) float64 {
	if now < before {
		return math.Max(now, 0)
	}
	return now - before
}

// find returns where a series is, or would be.
func (m *Memory) find(dimension, name string) (int, bool) {
	return slices.BinarySearchFunc(m.series, name, func(s *series, name string) int {
		return cmp.Or(strings.Compare(s.dimension, dimension), strings.Compare(s.name, name))
	})
}

// seriesOf returns the series of a metric that rules need, and nil of others.
func (m *Memory) seriesOf(dimension, name string) *series {
	i, found := m.find(dimension, name)
	if found {
		return m.series[i]
	}
	if !m.needs.metric(dimension, name) || len(m.series) >= maxSeries && !m.forget() {
		return nil
	}
	s := &series{dimension: strings.Clone(dimension), name: strings.Clone(name), rings: m.needs.rings(dimension, name)}
	i, _ = m.find(dimension, name)
	m.series = slices.Insert(m.series, i, s)
	return s
}

// keptResults is how many results a series may be missing from before it can be forgotten.
const keptResults = 10

// forget removes series that came no more, once for each result, and reports whether there were any.
func (m *Memory) forget() bool {
	if m.forgot == m.count {
		return false
	}
	m.forgot = m.count
	before := len(m.series)
	m.series = slices.DeleteFunc(m.series, func(s *series) bool { return s.count+keptResults < m.count })
	return len(m.series) < before
}

func (s *series) add(at time.Time, text string, newest bool, count uint64) {
	value, isNumber := parseNumber(text)
	for _, r := range s.rings {
		switch {
		case !isNumber:
		case r.window.Kind != windowRise:
			r.add(at, value)
		case newest && s.last.isNumber:
			r.add(at, rise(s.last.number, value))
		case newest:
			r.add(at, 0) // the first value: nothing grew yet, but the window begins
		}
	}
	if !newest {
		return
	}
	s.previous, s.last = s.last, sample{at: at, number: value, isNumber: isNumber, set: true}
	text = shorttext.Truncate(text, maxTextSeen)
	if s.last.text = s.previous.text; s.last.text != text {
		s.last.text = strings.Clone(text)
	}
	s.count = count
}

// parseNumber returns the value of a metric as a number; true is 1 and false 0.
func parseNumber(text string) (float64, bool) {
	switch text {
	case "true":
		return 1, true
	case "false":
		return 0, true
	}
	return number.Parse(text)
}

// Parts returns the dimensions of the check for which a rule has a state: those of the last result that
// have a metric that the rule names. It is one empty dimension for a rule that names none, or none that
// the check has now, and for one whose Each is not EachDimension.
func (m *Memory) Parts(r *Rule) []string {
	if r.Each != EachDimension || len(r.metrics) == 0 || !m.available {
		return []string{""}
	}
	var parts []string
	for _, d := range m.dimensions {
		if slices.ContainsFunc(r.metrics, func(name string) bool { return m.current(d, name) != nil }) {
			parts = append(parts, d)
		}
	}
	if len(parts) == 0 {
		return []string{""}
	}
	return parts
}

// current returns the series of exactly that name if the newest result has it.
func (m *Memory) current(dimension, name string) *series {
	if strings.Contains(name, "*") {
		for _, s := range m.series {
			if s.dimension == dimension && s.count == m.count && matchGlob(name, s.name) {
				return s
			}
		}
		return nil
	}
	i, found := m.find(dimension, name)
	if !found || m.series[i].count != m.count {
		return nil
	}
	return m.series[i]
}
