package names

import (
	"strings"

	"virgo/cmd/virgo-endpoint/internal/figure"
)

// SchemaURL says which version of OpenTelemetry's semantic conventions [ToOTLP] has names of.
const SchemaURL = "https://opentelemetry.io/schemas/1.43.0"

// maxUnitBytes bounds a unit that a host made up.
const maxUnitBytes = 32

// An Instrument is how values of a metric are combined.
type Instrument uint8

const (
	// Gauge values are not added up.
	Gauge Instrument = iota
	// Counter values only grow, until they begin anew.
	Counter
	// UpDownCounter values are parts that may be added up.
	UpDownCounter
)

// An OTLP is what a metric is called in OpenTelemetry.
type OTLP struct {
	// Name is at most MaxNameBytes long, Unit is one of UCUM.
	Name, Unit string
	Instrument Instrument
	// Factor is from the value that was sent.
	Factor float64
	// Key and Value are an attribute that the name needs beside it, such as the direction; Key may be empty.
	Key, Value string
	// Dimension is the attribute that the dimension is the value of.
	Dimension string
}

// ToOTLP returns the name of a metric: by the semantic conventions for system metrics where they have one that means the same, and
// else below "virgo.". Those for load are the names that OpenTelemetry's collector gives.
func ToOTLP(m Metric) OTLP {
	unit, factor := figure.Unit(m.Unit)
	if o, ok := conventional(m); ok {
		if o.Unit == "1" && unit == "percent" {
			factor /= 100
		}
		o.Factor = factor
		return o
	}
	o := OTLP{Unit: ucum(unit), Factor: factor, Dimension: "virgo.dimension"}
	if unit == "percent" {
		o.Factor /= 100
	}
	if figure.IsCounter(m.CheckType, figure.Series{Metric: m.Name, Type: m.Kind, Unit: m.Unit}) {
		o.Instrument = Counter
	}
	kind := strings.TrimPrefix(m.CheckType, "agent.")
	switch m.CheckType {
	case "agent.virgo":
		kind = "agent"
	case "agent.filesystem":
		o.Dimension = "system.filesystem.mountpoint"
	case "agent.disk":
		o.Dimension = "system.device"
	case "agent.network":
		o.Dimension = "network.interface.name"
	}
	name := "virgo." + dotted(kind) + "." + dotted(m.Name)
	o.Name = strings.TrimRight(name[:min(len(name), MaxNameBytes)], ".")
	return o
}

// conventional returns the name that the semantic conventions have, without its factor.
func conventional(m Metric) (OTLP, bool) {
	var o OTLP
	switch m.CheckType {
	case "agent.cpu":
		o = otlpCPU(m.Name)
	case "agent.memory":
		o = otlpMemory(m.Name)
	case "agent.load_average":
		switch m.Name {
		case "1m", "5m", "15m":
			o = OTLP{Name: "system.cpu.load_average." + m.Name, Unit: "{thread}"}
		}
	case "agent.filesystem":
		o = otlpFilesystem(m.Name)
	case "agent.disk":
		o = otlpDisk(m.Name)
	case "agent.network":
		o = otlpNetwork(m.Name)
	}
	return o, o.Name != ""
}

// otlpCPU leaves out the sum of all modes: added to those it would count everything twice.
func otlpCPU(metric string) OTLP {
	mode := ""
	switch metric {
	case "cpu_count":
		return OTLP{Name: "system.cpu.logical.count", Unit: "{cpu}", Instrument: UpDownCounter}
	case "user_percent_average":
		mode = "user"
	case "sys_percent_average":
		mode = "system"
	case "idle_percent_average":
		mode = "idle"
	case "wait_percent_average":
		mode = "iowait"
	case "irq_percent_average":
		mode = "interrupt"
	case "stolen_percent_average":
		mode = "steal"
	default:
		return OTLP{}
	}
	return OTLP{Name: "system.cpu.utilization", Unit: "1", Key: "cpu.mode", Value: mode}
}

// otlpMemory has used memory without caches, as the conventions define it.
func otlpMemory(metric string) OTLP {
	switch metric {
	case "total":
		return OTLP{Name: "system.memory.limit", Unit: "By", Instrument: UpDownCounter}
	case "actual_used":
		return OTLP{Name: "system.memory.usage", Unit: "By", Instrument: UpDownCounter, Key: "system.memory.state", Value: "used"}
	case "free":
		return OTLP{Name: "system.memory.usage", Unit: "By", Instrument: UpDownCounter, Key: "system.memory.state", Value: "free"}
	case "swap_used":
		return OTLP{Name: "system.paging.usage", Unit: "By", Instrument: UpDownCounter, Key: "system.paging.state", Value: "used"}
	case "swap_free":
		return OTLP{Name: "system.paging.usage", Unit: "By", Instrument: UpDownCounter, Key: "system.paging.state", Value: "free"}
	}
	return OTLP{}
}

// otlpFilesystem has as free what those who are not root can use: the rest of the space is reserved.
func otlpFilesystem(metric string) OTLP {
	o := OTLP{Name: "system.filesystem.usage", Unit: "By", Instrument: UpDownCounter, Key: "system.filesystem.state", Dimension: "system.filesystem.mountpoint"}
	switch metric {
	case "total":
		return OTLP{Name: "system.filesystem.limit", Unit: "By", Instrument: UpDownCounter, Dimension: o.Dimension}
	case "used":
		o.Value = "used"
	case "avail":
		o.Value = "free"
	default:
		return OTLP{}
	}
	return o
}

func otlpDisk(metric string) OTLP {
	o := OTLP{Instrument: Counter, Dimension: "system.device", Key: "disk.io.direction", Value: "read"}
	if strings.HasPrefix(metric, "w") {
		o.Value = "write"
	}
	switch metric {
	case "reads", "writes":
		o.Name, o.Unit = "system.disk.operations", "{operation}"
	case "read_bytes", "write_bytes":
		o.Name, o.Unit = "system.disk.io", "By"
	case "rtime", "wtime":
		o.Name, o.Unit = "system.disk.operation_time", "s"
	case "time":
		return OTLP{Name: "system.disk.io_time", Unit: "s", Instrument: Counter, Dimension: o.Dimension}
	default:
		return OTLP{}
	}
	return o
}

func otlpNetwork(metric string) OTLP {
	o := OTLP{Instrument: Counter, Dimension: "network.interface.name", Key: "network.io.direction", Value: "receive"}
	direction, what, _ := strings.Cut(metric, "_")
	switch direction {
	case "rx":
	case "tx":
		o.Value = "transmit"
	default:
		return OTLP{}
	}
	switch what {
	case "bytes":
		o.Name, o.Unit = "system.network.io", "By"
	case "packets": // the conventions have another attribute here
		o.Name, o.Unit, o.Dimension = "system.network.packet.count", "{packet}", "system.device"
	case "errors":
		o.Name, o.Unit = "system.network.errors", "{error}"
	case "dropped":
		o.Name, o.Unit = "system.network.packet.dropped", "{packet}"
	default:
		return OTLP{}
	}
	return o
}

// ucum returns a unit of figure as UCUM has it; what a host made up becomes an annotation.
func ucum(unit string) string {
	switch unit {
	case "":
		return ""
	case "percent":
		return "1"
	case "bytes":
		return "By"
	case "seconds":
		return "s"
	case "C":
		return "Cel"
	}
	if plain := dotted(unit); plain != "" {
		return "{" + plain[:min(len(plain), maxUnitBytes)] + "}"
	}
	return ""
}

// dotted replaces what may not be in a name of OpenTelemetry, which has dots.
func dotted(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == '/' {
			continue
		}
		b[i] = '_'
	}
	return strings.Trim(string(b), "_.")
}
