package names

import (
	"regexp"
	"strings"
	"testing"
)

func TestToOTLP(t *testing.T) {
	for _, test := range []struct {
		metric Metric
		want   OTLP
	}{
		{Metric{"agent.cpu", "cpu_count", "uint64", "count"}, OTLP{Name: "system.cpu.logical.count", Unit: "{cpu}", Instrument: UpDownCounter, Factor: 1}},
		{Metric{"agent.cpu", "user_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "user"}},
		{Metric{"agent.cpu", "sys_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "system"}},
		{Metric{"agent.cpu", "idle_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "idle"}},
		{Metric{"agent.cpu", "wait_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "iowait"}},
		{Metric{"agent.cpu", "irq_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "interrupt"}},
		{Metric{"agent.cpu", "stolen_percent_average", "double", "percent"}, OTLP{Name: "system.cpu.utilization", Unit: "1", Factor: 0.01, Key: "cpu.mode", Value: "steal"}},
		{Metric{"agent.cpu", "usage_average", "double", "percent"}, OTLP{Name: "virgo.cpu.usage_average", Unit: "1", Factor: 0.01, Dimension: "virgo.dimension"}},
		{Metric{"agent.memory", "total", "gauge", "bytes"}, OTLP{Name: "system.memory.limit", Unit: "By", Instrument: UpDownCounter, Factor: 1}},
		{Metric{"agent.memory", "actual_used", "gauge", "bytes"}, OTLP{Name: "system.memory.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1, Key: "system.memory.state", Value: "used"}},
		{Metric{"agent.memory", "free", "gauge", "bytes"}, OTLP{Name: "system.memory.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1, Key: "system.memory.state", Value: "free"}},
		{Metric{"agent.memory", "used", "gauge", "bytes"}, OTLP{Name: "virgo.memory.used", Unit: "By", Factor: 1, Dimension: "virgo.dimension"}},
		{Metric{"agent.memory", "ram", "gauge", "megabytes"}, OTLP{Name: "virgo.memory.ram", Unit: "By", Factor: 1 << 20, Dimension: "virgo.dimension"}},
		{Metric{"agent.memory", "swap_used", "gauge", "bytes"}, OTLP{Name: "system.paging.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1, Key: "system.paging.state", Value: "used"}},
		{Metric{"agent.memory", "swap_free", "gauge", "bytes"}, OTLP{Name: "system.paging.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1, Key: "system.paging.state", Value: "free"}},
		{Metric{"agent.memory", "swap_page_in", "gauge", "bytes"}, OTLP{Name: "virgo.memory.swap_page_in", Unit: "By", Instrument: Counter, Factor: 1, Dimension: "virgo.dimension"}},
		{Metric{"agent.load_average", "15m", "double", ""}, OTLP{Name: "system.cpu.load_average.15m", Unit: "{thread}", Factor: 1}},
		{Metric{"agent.filesystem", "total", "int64", "kilobytes"}, OTLP{Name: "system.filesystem.limit", Unit: "By", Instrument: UpDownCounter, Factor: 1024, Dimension: "system.filesystem.mountpoint"}},
		{Metric{"agent.filesystem", "used", "int64", "KILOBYTES"}, OTLP{Name: "system.filesystem.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1024, Key: "system.filesystem.state", Value: "used", Dimension: "system.filesystem.mountpoint"}},
		{Metric{"agent.filesystem", "avail", "int64", "kilobytes"}, OTLP{Name: "system.filesystem.usage", Unit: "By", Instrument: UpDownCounter, Factor: 1024, Key: "system.filesystem.state", Value: "free", Dimension: "system.filesystem.mountpoint"}},
		{Metric{"agent.filesystem", "files", "int64", "files"}, OTLP{Name: "virgo.filesystem.files", Unit: "{files}", Factor: 1, Dimension: "system.filesystem.mountpoint"}},
		{Metric{"agent.disk", "writes", "int64", ""}, OTLP{Name: "system.disk.operations", Unit: "{operation}", Instrument: Counter, Factor: 1, Key: "disk.io.direction", Value: "write", Dimension: "system.device"}},
		{Metric{"agent.disk", "read_bytes", "int64", "bytes"}, OTLP{Name: "system.disk.io", Unit: "By", Instrument: Counter, Factor: 1, Key: "disk.io.direction", Value: "read", Dimension: "system.device"}},
		{Metric{"agent.disk", "rtime", "int64", "milliseconds"}, OTLP{Name: "system.disk.operation_time", Unit: "s", Instrument: Counter, Factor: 0.001, Key: "disk.io.direction", Value: "read", Dimension: "system.device"}},
		{Metric{"agent.disk", "time", "int64", "milliseconds"}, OTLP{Name: "system.disk.io_time", Unit: "s", Instrument: Counter, Factor: 0.001, Dimension: "system.device"}},
		{Metric{"agent.disk", "service_time", "double", "ms"}, OTLP{Name: "virgo.disk.service_time", Unit: "s", Factor: 0.001, Dimension: "system.device"}},
		{Metric{"agent.network", "rx_bytes", "gauge", "bytes"}, OTLP{Name: "system.network.io", Unit: "By", Instrument: Counter, Factor: 1, Key: "network.io.direction", Value: "receive", Dimension: "network.interface.name"}},
		{Metric{"agent.network", "tx_packets", "gauge", "packets"}, OTLP{Name: "system.network.packet.count", Unit: "{packet}", Instrument: Counter, Factor: 1, Key: "network.io.direction", Value: "transmit", Dimension: "system.device"}},
		{Metric{"agent.network", "rx_errors", "gauge", "errors"}, OTLP{Name: "system.network.errors", Unit: "{error}", Instrument: Counter, Factor: 1, Key: "network.io.direction", Value: "receive", Dimension: "network.interface.name"}},
		{Metric{"agent.network", "tx_dropped", "gauge", "packets"}, OTLP{Name: "system.network.packet.dropped", Unit: "{packet}", Instrument: Counter, Factor: 1, Key: "network.io.direction", Value: "transmit", Dimension: "network.interface.name"}},
		{Metric{"agent.network", "tx_collisions", "gauge", "collisions"}, OTLP{Name: "virgo.network.tx_collisions", Unit: "{collisions}", Instrument: Counter, Factor: 1, Dimension: "network.interface.name"}},
		{Metric{"agent.virgo", "spool_bytes", "uint64", "bytes"}, OTLP{Name: "virgo.agent.spool_bytes", Unit: "By", Factor: 1, Dimension: "virgo.dimension"}},
		{Metric{"remote.http", "tt_connect", "uint32", "milliseconds"}, OTLP{Name: "virgo.remote.http.tt_connect", Unit: "s", Factor: 0.001, Dimension: "virgo.dimension"}},
		{Metric{"agent.plugin", "temp ä{}", "double", "C"}, OTLP{Name: "virgo.plugin.temp", Unit: "Cel", Factor: 1, Dimension: "virgo.dimension"}},
	} {
		if got := ToOTLP(test.metric); got != test.want {
			t.Errorf("%+v:\n got %+v\nwant %+v", test.metric, got, test.want)
		}
	}
}

// Whatever a host sends, name and unit are OpenTelemetry's, and bounded.
func FuzzToOTLP(f *testing.F) {
	f.Add("agent.plugin", "a", "gauge", "bytes")
	f.Add("agent.disk", "time", "int64", "%")
	f.Add("", strings.Repeat("x", 400), "gauge", strings.Repeat("y", 400))
	f.Add("\xff", "\x00.", "", "{}")
	name, unit := regexp.MustCompile(`^[a-z][a-zA-Z0-9_.\-/]*$`), regexp.MustCompile(`^(1|By|s|Cel|\{[a-zA-Z0-9_.\-/]+\})?$`)
	f.Fuzz(func(t *testing.T, checkType, metric, kind, sent string) {
		o := ToOTLP(Metric{checkType, metric, kind, sent})
		if !name.MatchString(o.Name) || len(o.Name) > MaxNameBytes || !unit.MatchString(o.Unit) || len(o.Unit) > maxUnitBytes+2 || o.Factor <= 0 || (o.Key == "") != (o.Value == "") {
			t.Errorf("%+v", o)
		}
	})
}
