package figure

import "slices"

// Unit returns the unit that values of a series are shown in, and the factor from the unit that they are sent in: bytes, seconds,
// percent, "" for numbers of things, or what was sent.
func Unit(sent string) (unit string, factor float64) { return commonUnit(sent) }

// hiddenCounters are counters that no plot shows. What else is hidden is a level.
func hiddenCounters(checkType string) []string {
	switch checkType {
	case "agent.disk":
		return []string{"rtime", "wtime", "qtime"}
	case "agent.network":
		return []string{"tx_overruns"}
	}
	return nil
}

// IsCounter reports whether the values of a series only grow, until they begin anew.
func IsCounter(checkType string, s Series) bool {
	k, _ := kinds(checkType)
	for i := range k.plots {
		for _, l := range k.plots[i].lines {
			if slices.Contains(l.add, s.Metric) {
				return l.counter
			}
		}
	}
	if slices.Contains(k.hidden, s.Metric) {
		return slices.Contains(hiddenCounters(checkType), s.Metric)
	}
	return k.isCounter(&s)
}
