package plugin

import "virgo/collect"

// A judgement is what Nagios and Checkmk call the state of a service; its number is theirs.
type judgement int

const (
	judgedOK judgement = iota
	judgedWarning
	judgedCritical
	judgedUnknown
)

func (j judgement) String() string {
	switch j {
	case judgedOK:
		return "ok"
	case judgedWarning:
		return "warning"
	case judgedCritical:
		return "critical"
	}
	return "unknown"
}

// metric tells the judgement of the service that the dimension names.
func (j judgement) metric(dimension string) collect.Metric {
	return collect.Metric{Dimension: dimension, Name: "plugin_state", Type: collect.String, Value: j.String()}
}

// worse reports whether j is worse than k: critical is worse than unknown, as Checkmk has it.
func (j judgement) worse(k judgement) bool { return j.rank() > k.rank() }

func (j judgement) rank() int {
	switch j {
	case judgedCritical:
		return int(judgedUnknown)
	case judgedUnknown:
		return int(judgedCritical)
	}
	return int(j)
}

// fatal reports whether a service of this judgement has failed, so that nothing measured means nothing there.
func (j judgement) fatal() bool { return j >= judgedCritical }
