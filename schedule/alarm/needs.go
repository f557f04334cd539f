package alarm

import (
	"slices"
	"strings"
)

// Needed is what rules need to know of a check.
type Needed struct {
	metrics []string
	windows []Window
}

// Needs returns what the rules need; those of one check, or of all.
func Needs(rules []Rule) Needed {
	var n Needed
	for i := range rules {
		n.metrics = append(n.metrics, rules[i].metrics...)
		n.windows = append(n.windows, rules[i].needs...)
	}
	slices.Sort(n.metrics)
	n.metrics = slices.Compact(n.metrics)
	slices.SortFunc(n.windows, func(a, b Window) int {
		return strings.Compare(a.key(), b.key())
	})
	n.windows = slices.Compact(n.windows)
	return n
}

func (w Window) key() string { return w.Metric + "\x00" + w.Over.String() + string(rune('0'+w.Kind)) }

// Metrics returns the names that rules use, sorted: a name, one with its dimension before the last point,
// or a pattern.
func (n Needed) Metrics() []string { return n.metrics }

// Windows returns the windows, for who fills a Memory from what is stored.
func (n Needed) Windows() []Window { return n.windows }

// metric reports whether rules need a metric.
func (n Needed) metric(dimension, name string) bool {
	return slices.ContainsFunc(n.metrics, func(want string) bool { return names(want, dimension, name) })
}

// rings returns empty windows for a metric.
func (n Needed) rings(dimension, name string) []*ring {
	var all []*ring
	for _, w := range n.windows {
		if names(w.Metric, dimension, name) {
			all = append(all, newRing(w))
		}
	}
	return all
}

// names reports whether a name in a rule can mean a metric in a dimension: "name", "dimension.name", or a
// pattern of either.
func names(want, dimension, name string) bool {
	if !strings.Contains(want, "*") {
		if want == name {
			return true
		}
		d, n, ok := cutDimension(want)
		return ok && n == name && d == dimension
	}
	return matchGlob(want, name) || dimension != "" && matchGlob(want, dimension+"."+name)
}

// cutDimension splits a name at its last point.
func cutDimension(name string) (dimension, metric string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i <= 0 || i == len(name)-1 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}
