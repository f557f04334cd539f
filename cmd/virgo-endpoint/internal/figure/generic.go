package figure

import (
	"slices"
	"strings"
)

// rest returns frames of the series that no row of the table names. Metrics of several dimensions have a frame each, with
// a line for each dimension. Others stand together if they have the same unit and their names begin alike, up to the last "_" or
// ".": pool_used and pool_free. They are shown on demand only where the type has rows.
func (a *arranger) rest(k *kind) []Frame {
	type group struct {
		prefix, unit string
		counter      bool
		dimension    string
	}
	var order []group
	members := map[group][]int{}
	dimensions := map[string]int{}
	for _, s := range a.list {
		dimensions[s.Metric]++
	}
	for i := range a.list {
		s := &a.list[i]
		if a.used[s.Metric] {
			continue
		}
		unit, _ := commonUnit(s.Unit)
		g := group{prefix: s.Metric, unit: unit, counter: k.isCounter(s)}
		if dimensions[s.Metric] == 1 {
			g.dimension = s.Dimension
			if cut := strings.LastIndexAny(s.Metric, "_."); cut > 0 {
				g.prefix = s.Metric[:cut] + "\x00" // no metric's own name
			}
		}
		if members[g] == nil {
			order = append(order, g)
		}
		members[g] = append(members[g], i)
	}
	var frames []Frame
	for _, g := range order {
		for part := range slices.Chunk(members[g], MaxLines) {
			frames = append(frames, a.generic(part, g.counter, g.dimension, len(k.plots) > 0))
		}
	}
	return frames
}

func (a *arranger) generic(members []int, isCounter bool, dimension string, more bool) Frame {
	first := a.list[members[0]]
	unit, _ := commonUnit(first.Unit)
	f := Frame{ID: "metric/" + first.Metric, Title: words(first.Metric), Dimension: dimension, Unit: unit, More: more}
	across := len(members) > 1 && a.list[members[1]].Metric == first.Metric
	if len(members) > 1 && !across {
		f.Title = words(first.Metric[:max(strings.LastIndexAny(first.Metric, "_."), 0)])
	}
	if dimension != "" || across && first.Dimension != "" {
		f.ID += "/" + first.Dimension
	}
	if f.Title == "" {
		f.Title = first.Metric
	}
	for _, i := range members {
		s := a.list[i]
		_, factor := commonUnit(s.Unit)
		name := s.Metric
		if across {
			name = s.Dimension
		}
		f.Lines = append(f.Lines, Line{Name: name, Add: []int{i}, Factor: factor, Counter: isCounter})
	}
	switch {
	case isCounter:
		f.Unit, f.Min = perSecond(unit), number(0)
		f.Sentence = "How fast it grows, as the check counts it."
	case unit == "percent":
		f.Min = number(0)
		f.Sentence = "As the check reports it."
	default:
		f.Sentence = "As the check reports it."
	}
	return f
}

// words is a metric's name as words.
func words(name string) string {
	return strings.TrimSpace(strings.NewReplacer("_", " ", ".", " ").Replace(name))
}
