package alarm

import "virgo/cmd/virgo-endpoint/internal/watch"

// Thresholds returns where the alarms of a host's checks begin, as far as that depends on no value of a check: lines that
// plots draw.
func (e *Engine) Thresholds(agentID string) []watch.Threshold {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, h := range e.hosts {
		if h.facts.ID != agentID {
			continue
		}
		var list []watch.Threshold
		for _, c := range h.checks {
			for i := range c.rules.Rules {
				r := &c.rules.Rules[i]
				for _, l := range r.Lines(&h.facts) {
					list = append(list, watch.Threshold{CheckID: c.id, Metric: l.Metric, Rule: r.ID, Value: l.Value, Percent: l.Percent, Above: l.Above, State: l.State})
				}
			}
		}
		return list
	}
	return nil
}
