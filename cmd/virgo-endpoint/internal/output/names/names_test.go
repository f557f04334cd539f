package names

import (
	"regexp"
	"strings"
	"testing"
)

func TestToPrometheus(t *testing.T) {
	for _, test := range []struct {
		checkType, name, kind, unit string
		want                        string
		counter                     bool
		factor                      float64
	}{
		{"agent.cpu", "usage_average", "double", "percent", "virgo_cpu_usage_ratio", false, 0.01},
		{"agent.cpu", "user_percent_average", "double", "percent", "virgo_cpu_user_ratio", false, 0.01},
		{"agent.cpu", "max_cpu_usage", "double", "percent", "virgo_cpu_usage_max_ratio", false, 0.01},
		{"agent.cpu", "cpu_count", "uint64", "count", "virgo_cpu_count", false, 1},
		{"agent.memory", "actual_used", "gauge", "bytes", "virgo_memory_actual_used_bytes", false, 1},
		{"agent.memory", "total", "gauge", "bytes", "virgo_memory_total_bytes", false, 1},
		{"agent.memory", "swap_total", "gauge", "bytes", "virgo_memory_swap_total_bytes", false, 1},
		{"agent.filesystem", "total", "int64", "kilobytes", "virgo_filesystem_total_bytes", false, 1024},
		{"agent.filesystem_state", "total_ro", "int64", "", "virgo_filesystem_state_total_ro", false, 1},
		{"agent.postgres", "max_connections", "uint64", "", "virgo_postgres_max_connections", false, 1},
		{"agent.redis", "total_commands_processed", "gauge", "", "virgo_redis_total_commands_processed_total", true, 1},
		{"agent.memory", "ram", "gauge", "megabytes", "virgo_memory_ram_bytes", false, 1 << 20},
		{"agent.memory", "swap_page_in", "gauge", "bytes", "virgo_memory_swap_page_in_bytes_total", true, 1},
		{"agent.filesystem", "used", "int64", "kilobytes", "virgo_filesystem_used_bytes", false, 1024},
		{"agent.filesystem", "files", "int64", "files", "virgo_filesystem_files", false, 1},
		{"agent.network", "rx_bytes", "gauge", "bytes", "virgo_network_receive_bytes_total", true, 1},
		{"agent.network", "tx_overruns", "gauge", "packets", "virgo_network_transmit_overruns_total", true, 1},
		{"agent.disk", "reads", "int64", "", "virgo_disk_reads_total", true, 1},
		{"agent.disk", "read_bytes", "int64", "bytes", "virgo_disk_read_bytes_total", true, 1},
		{"agent.disk", "rtime", "int64", "milliseconds", "virgo_disk_read_time_seconds_total", true, 0.001},
		{"agent.disk", "service_time", "double", "milliseconds", "virgo_disk_service_time_seconds", false, 0.001},
		{"agent.load_average", "15m", "double", "", "virgo_load15", false, 1},
		{"agent.process", "cpu_percent", "double", "percent", "virgo_process_cpu_ratio", false, 0.01},
		{"agent.virgo", "dropped_age", "uint64", "", "virgo_agent_dropped_age_total", true, 1},
		{"remote.http", "tt_connect", "uint32", "milliseconds", "virgo_remote_http_tt_connect_seconds", false, 0.001},
		{"agent.plugin", "a-b.c", "int64", "jobs", "virgo_plugin_a_b_c", false, 1},
		{"agent.plugin", "requests_total", "int64", "", "virgo_plugin_requests_total", true, 1},
		{"agent.plugin", "temperature", "double", "C", "virgo_plugin_temperature_celsius", false, 1},
		{"agent.plugin", "ä \n{}", "double", "", "virgo_plugin", false, 1},
	} {
		p := ToPrometheus(Metric{test.checkType, test.name, test.kind, test.unit})
		if p.Name != test.want || p.Counter != test.counter || p.Factor != test.factor {
			t.Errorf("%s %s: %+v, want %s, %v, %v", test.checkType, test.name, p, test.want, test.counter, test.factor)
		}
	}
	if Label("agent.filesystem") != "mountpoint" || Label("agent.network") != "device" || Label("agent.plugin") != "dimension" {
		t.Error("labels of dimensions")
	}
}

// Whatever a host sends, the name is one of Prometheus', and bounded.
func FuzzToPrometheus(f *testing.F) {
	f.Add("agent.plugin", "a", "gauge", "bytes")
	f.Add("agent.memory", "swap_total", "gauge", "")
	f.Add("", strings.Repeat("x", 400), "gauge", strings.Repeat("y", 400))
	f.Add("\xff", "\x00_total", "", "%")
	valid := regexp.MustCompile(`^virgo[a-zA-Z0-9_]*$`)
	f.Fuzz(func(t *testing.T, checkType, name, kind, unit string) {
		p := ToPrometheus(Metric{checkType, name, kind, unit})
		if !valid.MatchString(p.Name) || len(p.Name) > MaxNameBytes || p.Factor <= 0 || p.Counter != strings.HasSuffix(p.Name, "_total") {
			t.Errorf("%+v", p)
		}
	})
}
