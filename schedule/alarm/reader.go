package alarm

import (
	"math"
	"strings"
	"time"

	"virgo/schedule"
)

// A reader finds the values that an expression names.
type reader struct{ env *Env }

// series returns the series that a name means: that of the dimension that is judged, else the one without
// dimension, else "dimension.name". A rule of a whole check takes the first dimension that has it.
func (r reader) series(name string) *series {
	m := r.env.Check
	if m == nil || !m.available {
		return nil
	}
	if s := m.current(r.env.Dimension, name); s != nil {
		return s
	}
	if s := m.current("", name); s != nil {
		return s
	}
	if d, metric, ok := cutDimension(name); ok {
		if s := m.current(d, metric); s != nil {
			return s
		}
	}
	if r.env.Dimension == "" {
		for _, d := range m.dimensions {
			if s := m.current(d, name); s != nil {
				return s
			}
		}
	}
	return nil
}

func (r reader) last(name string) (float64, error) {
	s := r.series(name)
	if s == nil {
		return 0, missing("%s is missing", name)
	}
	if !s.last.isNumber {
		return 0, missing("%s is not a number", name)
	}
	return s.last.number, nil
}

func (r reader) text(name string) (string, error) {
	s := r.series(name)
	if s == nil {
		return "", missing("%s is missing", name)
	}
	return s.last.text, nil
}

func (r reader) previous(name string) (float64, error) {
	s := r.series(name)
	if s == nil || !s.previous.set || !s.previous.isNumber {
		return 0, missing("%s has no earlier number", name)
	}
	return s.previous.number, nil
}

func (r reader) previousText(name string) (string, error) {
	s := r.series(name)
	if s == nil || !s.previous.set {
		return "", missing("%s has no earlier value", name)
	}
	return s.previous.text, nil
}

func (r reader) changed(name string) (bool, error) {
	s := r.series(name)
	if s == nil || !s.previous.set {
		return false, missing("%s has no earlier value", name)
	}
	if s.last.isNumber && s.previous.isNumber {
		return s.last.number != s.previous.number, nil
	}
	return s.last.text != s.previous.text, nil
}

func (r reader) has(name string) bool { return r.series(name) != nil }

func (r reader) rate(name string) (float64, error) {
	s := r.series(name)
	if s == nil || !s.previous.set || !s.previous.isNumber || !s.last.isNumber {
		return 0, missing("%s has no earlier number", name)
	}
	apart := s.last.at.Sub(s.previous.at).Seconds()
	if apart <= 0 || s.last.number < s.previous.number {
		return 0, missing("%s went back", name)
	}
	return (s.last.number - s.previous.number) / apart, nil
}

func (r reader) age() (float64, error) {
	if r.env.Check == nil || r.env.Check.at.IsZero() {
		return 0, missing("there is no result")
	}
	return math.Max(0, r.env.Now.Sub(r.env.Check.at).Seconds()), nil
}

// window returns what a window of a metric says. A pattern adds up what it names.
func (r reader) window(kind windowKind, name, over string) (float64, error) {
	d, err := schedule.ParseDuration(over)
	if err != nil {
		return 0, err
	}
	w := Window{Metric: name, Over: d, Kind: kind}
	if strings.Contains(name, "*") {
		return r.sum(w)
	}
	s := r.series(name)
	if s == nil {
		return 0, missing("%s is missing", name)
	}
	return r.of(s, w)
}

func (r reader) of(s *series, w Window) (float64, error) {
	for _, ring := range s.rings {
		if ring.window == w {
			if value, ok := ring.value(r.env.Check.at, r.env.Check.period); ok {
				return value, nil
			}
		}
	}
	return 0, missing("%s is not known for %s yet", w.Metric, shortDuration(w.Over))
}

func (r reader) sum(w Window) (float64, error) {
	m := r.env.Check
	if m == nil || !m.available {
		return 0, missing("%s is missing", w.Metric)
	}
	var sum float64
	var found bool
	for _, s := range m.series {
		if s.count != m.count || !names(w.Metric, s.dimension, s.name) ||
			r.env.Dimension != "" && s.dimension != r.env.Dimension && !strings.Contains(w.Metric, ".") {
			continue
		}
		value, err := r.of(s, w)
		if err != nil {
			return 0, err
		}
		sum, found = sum+value, true
	}
	if !found {
		return 0, missing("%s is missing", w.Metric)
	}
	return sum, nil
}

// minGrowth is the share of the capacity that must have grown in a window before it is a forecast: the
// rotation of a log is none.
const minGrowth = 0.01

// fullIn returns the seconds until a metric reaches capacity as it grew; +Inf if it did not grow, or
// is not known for long enough.
func (r reader) fullIn(name string, capacity float64, over string) (float64, error) {
	now, err := r.last(name)
	if err != nil {
		return 0, err
	}
	if now >= capacity {
		return 0, nil
	}
	slope, err := r.window(windowTrend, name, over)
	if _, ok := asMissing(err); ok {
		return math.Inf(1), nil
	}
	if err != nil {
		return 0, err
	}
	d, err := schedule.ParseDuration(over)
	if err != nil {
		return 0, err
	}
	if slope <= 0 || slope*d.Seconds() < minGrowth*capacity {
		return math.Inf(1), nil
	}
	return (capacity - now) / slope, nil
}

// shortDuration returns a time as people write it: "10m" and not "10m0s".
func shortDuration(d time.Duration) string {
	if d >= 24*time.Hour && d%(24*time.Hour) == 0 {
		return formatShort(d.Hours()/24) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = text[:len(text)-2]
	}
	if strings.HasSuffix(text, "h0m") {
		text = text[:len(text)-2]
	}
	return text
}
