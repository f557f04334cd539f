package host

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

type metrics = map[string]collecttest.Metric

func several(t collect.MetricType, unit string, names string) metrics {
	m := metrics{}
	for name := range strings.FieldsSeq(names) {
		m[name] = collecttest.Metric{Type: t, Unit: unit}
	}
	return m
}

func both(all ...metrics) metrics {
	sum := metrics{}
	for _, m := range all {
		for k, v := range m {
			sum[k] = v
		}
	}
	return sum
}

// typeNamed returns the type of that name.
func typeNamed(t *testing.T, opt Options, name string) collect.Type {
	t.Helper()
	for _, typ := range Types(opt) {
		if typ.Name == name {
			return typ
		}
	}
	t.Fatalf("no type %s", name)
	return collect.Type{}
}

func targets(t *testing.T, typ collect.Type) []string {
	t.Helper()
	names, err := typ.Checker.(collect.Targeter).Targets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The tables are those of CHECKS.md; the suite runs on the live host.
func TestConform(t *testing.T) {
	details := func(target any) schedule.Details { return schedule.Details{"target": target} }
	opt := Options{
		StatProgram: statProgram("statfs"),
		Self: func(context.Context) (Self, error) {
			return Self{
				SpoolResults: new(uint64(3)), SpoolBytes: new(uint64(900)), SpoolOldest: new(90 * time.Second), SpoolRejected: new(uint64(1)),
				Dropped:      []Dropped{{"space", 7}, {"age", 0}},
				Requests:     []RequestCount{{"check_test", 2}, {"refused", 0}},
				LastDelivery: new(61 * time.Second), LastDeliveryDuration: new(42 * time.Millisecond), LastRunDuration: new(1200 * time.Millisecond),
				PeakMemory: new(uint64(5 << 20)), ClockOffset: new(-3 * time.Second),
				Bundle: &Bundle{Version: "1.4.0", State: "good", Refused: 1},
			}, nil
		},
	}
	if collecttest.Confined() {
		opt.StatProgram = nil // for a mount that may hang on the host of the test
	}
	logs := t.TempDir()
	write(t, logs+"/some.log", "begun\nready\n")
	points := strings.Join(targets(t, typeNamed(t, opt, "agent.filesystem")), ",")
	percent := several(collect.Double, "percent", `user_percent_average sys_percent_average idle_percent_average
		wait_percent_average irq_percent_average stolen_percent_average usage_average max_cpu_usage min_cpu_usage`)
	disk := both(several(collect.Int64, "count", "reads writes"), several(collect.Int64, "bytes", "read_bytes write_bytes"),
		several(collect.Int64, "milliseconds", "rtime wtime qtime time"), several(collect.Double, "milliseconds", "service_time"),
		several(collect.Double, "count", "queue"))
	filesystem := both(several(collect.Int64, "kilobytes", "total free used avail"), several(collect.Int64, "files", "files free_files"),
		several(collect.String, "", "options"))
	network := both(several(collect.Gauge, "bytes", "rx_bytes tx_bytes"),
		several(collect.Gauge, "packets", "rx_packets tx_packets rx_dropped tx_dropped"),
		several(collect.Gauge, "errors", "rx_errors tx_errors rx_frame rx_overruns tx_overruns tx_carrier"),
		several(collect.Gauge, "collisions", "tx_collisions"), several(collect.String, "", "link_state"))
	targetRefusals := func(missing, unknown string) []collecttest.Wrong {
		return []collecttest.Wrong{
			{Details: nil, Status: missing},
			{Details: details(""), Status: missing},
			{Details: details(nil), Status: missing},
			{Details: details("no/such"), Status: fmt.Sprintf(unknown, "no/such")},
			{Details: details(17), Status: fmt.Sprintf(unknown, "17")},
			{Details: details([]any{"sda"}), Status: `detail "target" is "a list or an object", not a text`},
		}
	}
	seen := map[string]bool{}
	for _, s := range []struct {
		name, variant string
		subject       collecttest.Subject
	}{
		{"agent.cpu", "", collecttest.Subject{Metrics: both(percent, several(collect.Uint64, "count", "cpu_count"),
			several(collect.Double, "percent", "cgroup_cpu_usage cgroup_cpu_throttled"), several(collect.Double, "count", "cgroup_cpu_limit")),
			Optional: strings.Fields("cgroup_cpu_usage cgroup_cpu_throttled cgroup_cpu_limit")}},
		{"agent.memory", "", collecttest.Subject{Metrics: both(several(collect.Gauge, "megabytes", "ram"), several(collect.Gauge, "bytes",
			`total used free actual_used actual_free swap_total swap_used swap_free swap_page_in swap_page_out
			cgroup_memory_limit cgroup_memory_used cgroup_memory_available cgroup_swap_limit cgroup_swap_used`)),
			Optional: strings.Fields("cgroup_memory_limit cgroup_memory_used cgroup_memory_available cgroup_swap_limit cgroup_swap_used")}},
		{"agent.load_average", "", collecttest.Subject{Metrics: several(collect.Double, "", "1m 5m 15m")}},
		{"agent.disk", " all", collecttest.Subject{Metrics: disk, Details: details("*"),
			Wrong: targetRefusals("Missing target parameter", "No such disk: %s")}},
		{"agent.filesystem", "", collecttest.Subject{Metrics: filesystem, Details: details("/"), Optional: strings.Fields("files free_files"),
			Wrong: targetRefusals("Missing target parameter, available: "+points, "No filesystem mounted at %s, available: "+points)}},
		{"agent.filesystem", " all", collecttest.Subject{Metrics: filesystem, Details: details("*"), Optional: strings.Fields("files free_files")}},
		{"agent.filesystem_state", "", collecttest.Subject{Metrics: both(several(collect.Int64, "filesystems", "total_ro total_rw"),
			several(collect.String, "", "devices_ro devices_rw"))}},
		{"agent.network", "", collecttest.Subject{Metrics: network, Details: details("lo"),
			Wrong: targetRefusals("Missing target parameter; give me an interface.", "No such interface: %s")}},
		{"agent.network", " all", collecttest.Subject{Metrics: network, Details: details("*")}},
		{"agent.process", "", collecttest.Subject{Metrics: both(several(collect.Int64, "processes", "count"),
			several(collect.Double, "percent", "cpu_percent"), several(collect.Uint64, "bytes", "rss"), several(collect.Uint64, "threads", "threads"),
			several(collect.Uint64, "files", "open_files"), several(collect.Double, "seconds", "oldest_age")),
			Details: schedule.Details{"match": regexp.QuoteMeta(sleeper(t)), "max": 1},
			Wrong: []collecttest.Wrong{
				{Details: nil, Status: "Missing name or match parameter"},
				{Details: schedule.Details{"name": "", "match": nil}, Status: "Missing name or match parameter"},
				{Details: schedule.Details{"name": []any{"a"}}, Status: `detail "name" is "a list or an object", not a text`},
				{Details: schedule.Details{"match": "((" + "x"}, Status: `detail "match" is "((x", not a regular expression (RE2)`},
				{Details: schedule.Details{"match": strings.Repeat("y", 1025)}, Status: `detail "match" is "` + strings.Repeat("y", 64) + `", not a regular expression of at most 1024 bytes`},
				{Details: schedule.Details{"name": "x", "min": "few"}, Status: `detail "min" is "few", not a whole number`},
				{Details: schedule.Details{"name": "x", "max": -2}, Status: `detail "max" is "-2", not 0 or more`},
				{Details: schedule.Details{"name": "x", "min": 3, "max": "2"}, Status: `detail "max" is 2, less than min, which is 3`},
				{Details: schedule.Details{"name": "x", "user": "no such user"}, Status: "No such user: no such user"},
				{Details: schedule.Details{"name": "no-such-program"}, Status: "No process named no-such-program"},
			}}},
		{"agent.file", "", collecttest.Subject{Metrics: both(several(collect.Bool, "", "exists content_match"), several(collect.Uint64, "files", "count"),
			several(collect.Uint64, "bytes", "size total_size"), several(collect.Double, "seconds", "age"), several(collect.String, "", "mode owner")),
			Details: schedule.Details{"target": logs + "/*.log", "content_match": "(?m)^ready$", "max_age": "1h", "min_size": "10", "max_size": 20},
			Wrong: []collecttest.Wrong{
				{Details: nil, Status: "Missing target parameter"},
				{Details: details([]any{"/etc"}), Status: `detail "target" is "a list or an object", not a text`},
				{Details: details("etc/passwd"), Status: `detail "target" is "etc/passwd", not an absolute path`},
				{Details: details("/etc/\x00"), Status: "detail \"target\" is \"/etc/\\x00\", not an absolute path"},
				{Details: details("/etc/[a"), Status: `detail "target" is "/etc/[a", not a path or a pattern`},
				{Details: schedule.Details{"target": "/etc", "content_match": "["}, Status: `detail "content_match" is "[", not a regular expression (RE2)`},
				{Details: schedule.Details{"target": "/etc", "max_age": "old"}, Status: `detail "max_age" is "old", not a duration`},
				{Details: schedule.Details{"target": "/etc", "min_size": -7}, Status: `detail "min_size" is "-7", not 0 or more`},
				{Details: schedule.Details{"target": "/etc", "min_size": 2, "max_size": 1}, Status: `detail "max_size" is 1, less than min_size, which is 2`},
				{Details: schedule.Details{"target": "/etc", "content_match": "x"}, Status: "/etc is not a regular file: it cannot be searched for content_match"},
			}}},
		{"agent.systemd", "", collecttest.Subject{Metrics: both(several(collect.String, "", "active_state sub_state"),
			several(collect.Uint64, "count", "restarts"), several(collect.Double, "seconds", "uptime")),
			Details: details("sleepy"),
			Wrong: []collecttest.Wrong{
				{Details: nil, Status: "Missing target parameter"},
				{Details: details("--help"), Status: `Wrong target parameter: "--help" is not a unit's name`},
				{Details: details("a b"), Status: `Wrong target parameter: "a b" is not a unit's name`},
				{Details: details("nosuch"), Status: "No such unit: nosuch"},
			}}},
		{"agent.virgo", "", collecttest.Subject{Metrics: both(several(collect.Uint64, "results", "spool_results spool_rejected dropped_space dropped_age"),
			several(collect.Uint64, "requests", "remote_check_test remote_refused"),
			several(collect.Uint64, "bytes", "spool_bytes peak_memory"), several(collect.Int64, "milliseconds", "clock_offset"),
			several(collect.String, "", "bundle_version bundle_state"), several(collect.Uint64, "versions", "bundle_refused"),
			several(collect.Double, "seconds", "spool_oldest_age last_delivery_age last_delivery_duration last_run_duration"))}},
	} {
		seen[s.name] = true
		t.Run(s.name+s.variant, func(t *testing.T) {
			t.Parallel()
			s.subject.Type = typeNamed(t, opt, s.name)
			if s.name == "agent.systemd" && !collecttest.Confined() { // the real one needs a host that systemd runs
				s.subject.Type.Checker = fakeSystemd(t, "252")
			}
			collecttest.Conform(t, s.subject)
			if s.subject.Type.KernelOnly || collecttest.Confined() {
				return
			}
			if needless, _ := collecttest.KernelOnly(t, s.subject); needless {
				t.Error("the check needs no program and no socket, and its type does not say KernelOnly")
			}
		})
	}
	for _, typ := range Types(opt) {
		if !seen[typ.Name] {
			t.Errorf("%s is not in the conformance suite", typ.Name)
		}
	}
}

func TestTargetsOfThisHost(t *testing.T) {
	for name, some := range map[string]string{"agent.network": "lo", "agent.filesystem": "/"} {
		found := false
		for _, target := range targets(t, typeNamed(t, Options{}, name)) {
			found = found || target == some
		}
		if !found {
			t.Errorf("%s does not list %s", name, some)
		}
	}
	targets(t, typeNamed(t, Options{}, "agent.disk"))
}
