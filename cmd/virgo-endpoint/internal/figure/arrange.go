package figure

import (
	"path"
	"slices"
	"strings"
)

// Arrange returns the plots of one check, of which list has the series of numbers: first those that its type is known for, then
// the rest. No two of list have the same dimension and metric.
func Arrange(checkType string, list []Series) []Frame {
	k, _ := kinds(checkType)
	a := arranger{list: list, index: map[[2]string]int{}, used: map[string]bool{}}
	for i, s := range list {
		a.index[[2]string{s.Dimension, s.Metric}] = i
		if !slices.Contains(a.dimensions, s.Dimension) {
			a.dimensions = append(a.dimensions, s.Dimension)
		}
	}
	slices.Sort(a.dimensions)
	var frames []Frame
	for i := range k.plots {
		frames = append(frames, a.plot(&k.plots[i])...)
	}
	for _, name := range k.hidden {
		a.used[name] = true
	}
	return append(frames, a.rest(&k)...)
}

// An arranger sorts the series of one check into frames.
type arranger struct {
	list       []Series
	index      map[[2]string]int
	dimensions []string
	used       map[string]bool // metrics that a row of the table names
}

// plot returns the frames of a row of the table, for what of it there is.
func (a *arranger) plot(p *plot) []Frame {
	var frames []Frame
	for i := range p.lines {
		for _, names := range [][]string{p.lines[i].add, p.lines[i].take, p.lines[i].of} {
			for _, name := range names {
				a.used[name] = true
			}
		}
	}
	for _, dimension := range a.dimensions {
		var lines []Line
		unit := ""
		for i := range p.lines {
			l, u, ok := a.line(&p.lines[i], dimension)
			if !ok {
				continue
			}
			if p.factor != 0 {
				l.Factor *= p.factor
			}
			if p.layout == across && dimension != "" {
				l.Name = dimension
			}
			if unit == "" {
				unit = u
			}
			lines = append(lines, l)
		}
		if len(lines) == 0 {
			continue
		}
		if last := len(frames) - 1; p.layout == across && last >= 0 && len(frames[last].Lines) < MaxLines {
			frames[last].Lines, frames[last].Dimension = append(frames[last].Lines, lines...), ""
			continue
		}
		f := Frame{ID: p.id, Title: p.title, Sentence: p.sentence, Dimension: dimension, Unit: unit, Min: p.min, Max: p.max, Idle: p.idle, Lines: lines}
		if p.unit != "" {
			f.Unit = p.unit
		}
		if dimension != "" {
			f.ID += "/" + dimension
		}
		if i, ok := a.index[[2]string{dimension, p.top}]; ok && p.top != "" {
			_, factor := commonUnit(a.list[i].Unit)
			f.Top = &Line{Name: p.top, Add: []int{i}, Factor: factor}
		}
		frames = append(frames, f)
	}
	return frames
}

// line returns a line of a row for a dimension, and its unit; not ok if a metric of it is missing.
func (a *arranger) line(l *line, dimension string) (Line, string, bool) {
	find := func(names []string) (found []int, ok bool) {
		for _, name := range names {
			i, ok := a.index[[2]string{dimension, name}]
			if !ok {
				return nil, false
			}
			found = append(found, i)
		}
		return found, true
	}
	add, ok1 := find(l.add)
	take, ok2 := find(l.take)
	of, ok3 := find(l.of)
	if !ok1 || !ok2 || !ok3 {
		return Line{}, "", false
	}
	unit, factor := commonUnit(a.list[add[0]].Unit)
	if len(of) > 0 {
		unit, factor = "percent", 100 // add and of have the same unit
	}
	if l.counter {
		unit = perSecond(unit)
	}
	return Line{Name: l.name, Add: add, Take: take, Of: of, Factor: factor, Counter: l.counter}, unit, true
}

// isCounter reports whether the values of a series that no row names only grow.
func (k *kind) isCounter(s *Series) bool {
	switch {
	case k.gaugesCount && s.Type == "gauge", s.Unit == "c", strings.HasSuffix(s.Metric, "_total"):
		return true
	}
	return slices.ContainsFunc(k.counters, func(pattern string) bool {
		ok, _ := path.Match(pattern, s.Metric)
		return ok
	})
}

// commonUnit returns the unit that values are shown in, and the factor from the unit that they have.
func commonUnit(unit string) (string, float64) {
	switch unit {
	case "c", "count", "other": // "C" is a temperature
		return "", 1
	}
	switch strings.ToLower(unit) {
	case "bytes", "byte", "b":
		return "bytes", 1
	case "kilobytes", "kb", "kib":
		return "bytes", 1 << 10
	case "megabytes", "mb", "mib":
		return "bytes", 1 << 20
	case "gigabytes", "gb", "gib":
		return "bytes", 1 << 30
	case "seconds", "second", "s", "sec":
		return "seconds", 1
	case "milliseconds", "ms":
		return "seconds", 1e-3
	case "microseconds", "us", "µs":
		return "seconds", 1e-6
	case "percent", "%":
		return "percent", 1
	}
	return unit, 1
}

func perSecond(unit string) string {
	if strings.HasSuffix(unit, "/s") {
		return unit
	}
	return unit + "/s"
}

// Order returns the place of a check type among those of a host: what people look at first comes first.
func Order(checkType string) int {
	order := []string{"agent.cpu", "agent.memory", "agent.load_average", "agent.filesystem", "agent.disk", "agent.network", "agent.process"}
	if i := slices.Index(order, checkType); i >= 0 {
		return i
	}
	switch checkType {
	case "agent.filesystem_state":
		return len(order) + 1
	case "agent.virgo":
		return len(order) + 2
	}
	return len(order)
}
