package alarm

// A Line is a threshold that can be drawn in a plot of a metric.
type Line struct {
	Metric string
	Value  float64
	// Percent is true if Value is a share in percent of which Metric is a part.
	Percent bool
	// Above is true if the alarm is above the line.
	Above bool
	State State
}

// Lines returns the thresholds of the rule for a host: those that depend on no value of a check.
func (r *Rule) Lines(h *Host) []Line {
	var all []Line
	s := newScope(&Env{Host: h})
	for i := range r.Cases {
		if !r.Cases[i].State.Open() {
			continue
		}
		for _, c := range r.Cases[i].When.comparisons {
			if c.metric == "" || c.guard {
				continue
			}
			if value := quantity(c.threshold, s); value != nil {
				all = append(all, Line{Metric: c.metric, Value: *value, Percent: c.percent, Above: c.above, State: r.Cases[i].State})
			}
		}
	}
	return all
}
