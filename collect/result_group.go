package collect

import (
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

// Up to these sizes a linear search is cheaper than a map; nearly every result is smaller.
const (
	maxSearchedDimensions = 128 // dimensions of a result
	maxSearchedNames      = 48  // metrics of one dimension
)

// grouped returns metrics in the form in which they are sent: the metrics of a dimension are
// together, dimensions are in the order in which they first appear, names are valid UTF-8, and
// names within a dimension are distinct (the last value, at the position of the first). If metrics
// already have this form, as nearly always, it returns its argument. It never changes its argument.
func grouped(metrics []Metric) []Metric {
	if isGrouped(metrics) {
		return metrics
	}
	type key struct{ dimension, name string }
	var (
		dimensions = make(map[string]int) // dimension → place in groups
		names      = make(map[key][2]int) // metric → group, place in it
		groups     = make([][]Metric, 0, 8)
	)
	for _, m := range metrics {
		m.Dimension, m.Name = shorttext.Valid(m.Dimension), shorttext.Valid(m.Name)
		k := key{m.Dimension, m.Name}
		if at, duplicate := names[k]; duplicate {
			groups[at[0]][at[1]] = m
			continue
		}
		g, known := dimensions[m.Dimension]
		if !known {
			g = len(groups)
			dimensions[m.Dimension] = g
			groups = append(groups, nil)
		}
		names[k] = [2]int{g, len(groups[g])}
		groups[g] = append(groups[g], m)
	}
	out := make([]Metric, 0, len(metrics))
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

// isGrouped reports whether metrics have the form that grouped returns. It is also false if a
// linear search would take too long.
func isGrouped(metrics []Metric) bool {
	var starts [maxSearchedDimensions]int // where each dimension's metrics begin
	n := 0
	for i, m := range metrics {
		if !utf8.ValidString(m.Name) {
			return false
		}
		if i > 0 && m.Dimension == metrics[i-1].Dimension {
			first := starts[n-1]
			if i-first >= maxSearchedNames {
				return false
			}
			for _, earlier := range metrics[first:i] {
				if earlier.Name == m.Name {
					return false
				}
			}
			continue
		}
		if n == maxSearchedDimensions || !utf8.ValidString(m.Dimension) {
			return false
		}
		for _, s := range starts[:n] {
			if metrics[s].Dimension == m.Dimension {
				return false
			}
		}
		starts[n] = i
		n++
	}
	return true
}
