package names

import (
	"strings"

	"virgo/cmd/virgo-endpoint/internal/figure"
)

// MaxNameBytes bounds a name.
const MaxNameBytes = 200

// A Metric is one as a check sends it.
type Metric struct {
	CheckType, Name string
	// Kind is its type on the wire ("gauge", "uint64"), Unit may be empty.
	Kind, Unit string
}

// A Prometheus is what a metric is called in Prometheus.
type Prometheus struct {
	Name    string
	Counter bool
	// Factor is from the value that was sent.
	Factor float64
}

// renamed has the metrics that the rules would name badly, without prefix and unit.
func renamed(checkType, metric string) string {
	switch checkType {
	case "agent.cpu":
		switch metric {
		case "usage_average":
			return "usage"
		case "max_cpu_usage":
			return "usage_max"
		case "min_cpu_usage":
			return "usage_min"
		case "cpu_count":
			return "count"
		}
		return strings.TrimPrefix(strings.TrimSuffix(metric, "_percent_average"), "cpu_")
	case "agent.network":
		for short, long := range map[string]string{"rx_": "receive_", "tx_": "transmit_"} {
			if rest, ok := strings.CutPrefix(metric, short); ok {
				return long + rest
			}
		}
	case "agent.disk":
		switch metric {
		case "read_bytes":
			return "read"
		case "write_bytes":
			return "written"
		case "rtime":
			return "read_time"
		case "wtime":
			return "write_time"
		case "qtime":
			return "queue_time"
		case "time":
			return "io_time"
		}
	case "agent.load_average":
		return strings.TrimSuffix(metric, "m")
	}
	return metric
}

// ToPrometheus returns the name of a metric, by the conventions of Prometheus
// (https://prometheus.io/docs/practices/naming/).
func ToPrometheus(m Metric) Prometheus {
	p := Prometheus{Counter: figure.IsCounter(m.CheckType, figure.Series{Metric: m.Name, Type: m.Kind, Unit: m.Unit})}
	unit := ""
	unit, p.Factor = figure.Unit(m.Unit)
	switch unit {
	case "percent":
		unit, p.Factor = "ratio", p.Factor/100
	case "bytes", "seconds":
	case "C":
		unit = "celsius"
	default:
		unit = "" // numbers of things, which the metric's name says
	}
	kind := strings.TrimPrefix(m.CheckType, "agent.")
	switch m.CheckType {
	case "agent.load_average":
		kind = "load"
	case "agent.virgo":
		kind = "agent"
	}
	name := strings.Trim(plain("virgo_"+kind+"_"+renamed(m.CheckType, m.Name)), "_")
	if unit == "ratio" {
		name = strings.TrimSuffix(name, "_percent")
	}
	if m.CheckType == "agent.load_average" {
		name = strings.Replace(name, "load_", "load", 1)
	}
	const longest = MaxNameBytes - len("_seconds_total")
	name = name[:min(len(name), longest)]
	if p.Counter || unit == "" {
		name = strings.TrimSuffix(name, "_total") // it says that the series is a counter
	}
	if unit != "" && !strings.HasSuffix(name, "_"+unit) {
		name += "_" + unit
	}
	if p.Counter {
		name += "_total"
	}
	p.Name = name
	return p
}

// plain replaces what may not be in a name.
func plain(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		switch {
		case ok:
			b.WriteByte(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	return b.String()
}

// Label returns the name of the label for the dimension of a check's metrics.
func Label(checkType string) string {
	switch checkType {
	case "agent.filesystem":
		return "mountpoint"
	case "agent.network", "agent.disk":
		return "device"
	}
	return "dimension"
}
