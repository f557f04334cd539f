package plugin

import "virgo/collect"

// A serviceState is the state of a service in Nagios and Checkmk, with their numbers.
type serviceState int

const (
	stateOK serviceState = iota
	stateWarning
	stateCritical
	stateUnknown
)

// stateName is the name of the metric that a state is.
const stateName = "plugin_state"

func (s serviceState) String() string {
	switch s {
	case stateOK:
		return "ok"
	case stateWarning:
		return "warning"
	case stateCritical:
		return "critical"
	}
	return "unknown"
}

// metric returns the state as the metric plugin_state of the service that the dimension names.
func (s serviceState) metric(dimension string) collect.Metric {
	return collect.Metric{Dimension: dimension, Name: stateName, Type: collect.String, Value: s.String()}
}

// worseThan reports whether s is worse than other. As in Checkmk, critical is worse than unknown.
func (s serviceState) worseThan(other serviceState) bool { return s.severity() > other.severity() }

func (s serviceState) severity() int {
	switch s {
	case stateCritical:
		return int(stateUnknown)
	case stateUnknown:
		return int(stateCritical)
	}
	return int(s)
}

// isFailed reports whether the state is critical or unknown. Such a service without metrics has not
// been measured.
func (s serviceState) isFailed() bool { return s >= stateCritical }
