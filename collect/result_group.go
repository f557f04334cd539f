package collect

import "unicode/utf8"

// Up to these sizes a plain search is cheaper than a map; nearly every result is smaller.
const (
	plainDimensions = 128 // dimensions of a result
	plainNames      = 48  // metrics of one dimension
)

// grouped returns metrics with those of one dimension together, in the order in which dimensions first
// appear, without two of one name in a dimension (the last one's value, in the first one's place), and
// with valid names. It returns its argument where that is so already, which is the rule; it never changes it.
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
		m.Dimension, m.Name = validText(m.Dimension), validText(m.Name)
		k := key{m.Dimension, m.Name}
		if at, double := names[k]; double {
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

// isGrouped reports whether metrics are as grouped returns them. Where finding out would take long it
// says no.
func isGrouped(metrics []Metric) bool {
	var starts [plainDimensions]int // where each dimension's metrics begin
	n := 0
	for i, m := range metrics {
		if !utf8.ValidString(m.Name) {
			return false
		}
		if i > 0 && m.Dimension == metrics[i-1].Dimension {
			first := starts[n-1]
			if i-first >= plainNames {
				return false
			}
			for _, earlier := range metrics[first:i] {
				if earlier.Name == m.Name {
					return false
				}
			}
			continue
		}
		if n == plainDimensions || !utf8.ValidString(m.Dimension) {
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
