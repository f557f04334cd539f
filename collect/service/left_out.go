package service

import (
	"fmt"
	"slices"
	"strings"

	"virgo/collect"
)

// maxLeftOutNames is how many names a status lists.
const maxLeftOutNames = 8

// leftOutStatus returns the status of an available check that says which of the known metrics are
// missing: forks, and older and newer releases of a server, do not report all of them. It is empty
// where none is. Where all of a group (of names with the same part before the dot) are missing, its
// name stands for them.
func leftOutStatus(known []string, metrics []collect.Metric) string {
	have := make(map[string]bool)
	for _, m := range metrics {
		have[m.Name] = true
	}
	group := func(name string) string {
		before, _, dotted := strings.Cut(name, ".")
		if !dotted {
			return name
		}
		return before + ".*"
	}
	present := make(map[string]bool) // groups of which some metric is there
	for _, name := range known {
		if have[name] {
			present[group(name)] = true
		}
	}
	var missing []string
	count := 0
	for _, name := range known {
		if have[name] {
			continue
		}
		count++
		if g := group(name); !present[g] {
			name = g
		}
		if !slices.Contains(missing, name) {
			missing = append(missing, name)
		}
	}
	if count == 0 {
		return ""
	}
	list := strings.Join(missing[:min(len(missing), maxLeftOutNames)], ", ")
	if more := len(missing) - maxLeftOutNames; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return fmt.Sprintf("success, but this server does not report %d of %d metrics: %s", count, len(known), list)
}

// joinStatus joins what several parts of a check say.
func joinStatus(texts ...string) string {
	texts = slices.DeleteFunc(texts, func(s string) bool { return s == "" })
	return strings.Join(texts, "; ")
}

// addValid adds a metric whose value is a server's, unless it does not have the type.
func addValid(f *collect.MetricBuilder, m collect.Metric) {
	m.Dimension = f.Dimension
	if m.Normalize() {
		f.Metrics = append(f.Metrics, m)
	}
}
