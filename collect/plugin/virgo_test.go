package plugin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/collect"
)

// parseVirgo parses an output in the format virgo.
func parseVirgo(text string, e exit) (collect.Report, error) {
	f := new(virgoFormat)
	o := newOutput(f)
	o.read(strings.NewReader(text))
	return f.report(e, o.truncated)
}

func TestVirgoMetrics(t *testing.T) {
	type metrics = []collect.Metric
	m := func(dimension, name string, typ collect.MetricType, value, unit string) collect.Metric {
		return collect.Metric{Dimension: dimension, Name: name, Type: typ, Value: value, Unit: unit}
	}
	for _, tt := range []struct {
		name, in, status string
		unavailable      bool
		want             metrics
	}{
		{"nothing", "", "", false, nil},
		{"every type", "status Everything is OK\n" +
			"metric logged_users int 7\nmetric avg_wait_time float 100.7\nmetric something string foo bar foo\n" +
			"metric packet_count gauge 150000\nmetric a int32 -1\nmetric b uint32 1\nmetric c int64 -2\nmetric d uint64 0x10\n" +
			"metric e double 1e3\nmetric f bool true\n",
			"Everything is OK", false, metrics{
				m("", "logged_users", "int64", "7", ""),
				m("", "avg_wait_time", "double", "100.7", ""),
				m("", "something", "string", "foo bar foo", ""),
				m("", "packet_count", "gauge", "150000", ""),
				m("", "a", "int32", "-1", ""),
				m("", "b", "uint32", "1", ""),
				m("", "c", "int64", "-2", ""),
				m("", "d", "uint64", "16", ""),
				m("", "e", "double", "1e3", ""),
				m("", "f", "bool", "true", ""),
			}},
		{"units and the last dot", "metric host1.eth0.bytes int64 1024 bytes\nmetric host1.none int64 1\nmetric .x int 1\n",
			"", false, metrics{
				m("host1.eth0", "bytes", "int64", "1024", "bytes"),
				m("host1", "none", "int64", "1", ""),
				m("", "x", "int64", "1", ""),
			}},
		{"a string has no unit", "metric v string 1 bytes\n", "", false, metrics{m("", "v", "string", "1 bytes", "")}},
		{"the first status wins", "status one\nstatus two\nstatus ok three\n", "one", false, nil},
		{"the older status", "status err  Service is   not responding\nmetric n int 7\n", "Service is not responding", false, metrics{
			m("", "legacy_state", "string", "err", ""), m("", "n", "int64", "7", "")}},
		{"the older status without a text", "status warn\n", "", false, metrics{m("", "legacy_state", "string", "warn", "")}},
		{"a word that begins with an older state", "status okay then\n", "okay then", false, nil},
		{"unavailable keeps its metrics", "state unavailable\nmetric n int 7\n", "", true, metrics{m("", "n", "int64", "7", "")}},
		{"the first state wins", "state available\nstate unavailable\nstate nonsense\n", "", false, nil},
		{"carriage returns", "status fine\r\nmetric n int 7 users\r\n", "fine", false, metrics{m("", "n", "int64", "7", "users")}},
		{"no newline at the end", "status fine\nmetric n int 7", "fine", false, metrics{m("", "n", "int64", "7", "")}},
		{"tabs", "status\tfine\nmetric\tn\tint\t7\n", "fine", false, metrics{m("", "n", "int64", "7", "")}},
		{"a byte order mark", "\ufeffstatus fine\n", "fine", false, nil},
		{"control sequences of a terminal", "\x1b[32mstatus \x1b[1mfine\x1b[0m\tnow\nmetric n\x1b[K string \x1b]0;t\x07x\x08\n", "fine now", false, metrics{m("", "n", "string", "x\ufffd", "")}},
		{"two values for a metric", "status fine\nmetric n int 1\nmetric d.n int 2\nmetric n int 3\n", `Line 4: there are two values for the metric "n"; the first stands: fine`, false, metrics{m("", "n", "int64", "1", ""), m("d", "n", "int64", "2", "")}},
		{"invalid UTF-8 and NUL", "status a\x00b\xff\xfec\nmetric n string \xf0\x28\n", "a\ufffdb\ufffd\ufffdc", false, metrics{m("", "n", "string", "\ufffd(", "")}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := parseVirgo(tt.in, exit{})
			if err != nil {
				t.Fatal(err)
			}
			if r.Status != tt.status || r.Unavailable != tt.unavailable || !slices.Equal(r.Metrics, tt.want) {
				t.Errorf("got status %q, unavailable %v, metrics\n%+v\nwant %q, %v\n%+v", r.Status, r.Unavailable, r.Metrics, tt.status, tt.unavailable, tt.want)
			}
		})
	}
}

// TestVirgoFaults: the first fault is the status, whatever follows it and however the plugin exits.
func TestVirgoFaults(t *testing.T) {
	const format = "Metric line not in the following format: metric <name> <type> <value> [<unit>]"
	const state = "State line not in the following format: <available|unavailable>"
	for in, want := range map[string]string{
		"hello world":                   `Unrecognized line "hello world"`,
		"":                              `Unrecognized line ""`,
		"  status indented":             `Unrecognized line "  status indented"`,
		"statusless x":                  `Unrecognized line "statusless x"`,
		"METRIC a int 1":                `Unrecognized line "METRIC a int 1"`,
		"metric":                        format,
		"metric a":                      format,
		"metric a int":                  format,
		"metric a string":               format,
		"metric a. int 1":               format,
		"metric a.b.c badtype 1":        `Invalid type "badtype" for metric "c"`,
		"metric a badtype 1 b":          `Invalid type "badtype" for metric "a"`,
		"metric a badtype 1 b c":        `Invalid "<value> [<unit>]" combination "1 b c" for a non-string metric`,
		"metric a int 1  2 3":           `Invalid "<value> [<unit>]" combination "1 2 3" for a non-string metric`,
		"metric a int seven":            `Invalid "<value> [<unit>]" combination "seven" for a non-string metric`,
		"metric a double 0x1p-3":        `Invalid "<value> [<unit>]" combination "0x1p-3" for a non-string metric`,
		"metric a gauge 0x1.8p1":        `Invalid "<value> [<unit>]" combination "0x1.8p1" for a non-string metric`,
		"metric a double 1_2":           `Invalid "<value> [<unit>]" combination "1_2" for a non-string metric`,
		"metric a double NaN":           `Invalid "<value> [<unit>]" combination "NaN" for a non-string metric`,
		"metric a int 1.5 bytes":        `Invalid "<value> [<unit>]" combination "1.5 bytes" for a non-string metric`,
		"metric a uint32 4294967296":    `Invalid "<value> [<unit>]" combination "4294967296" for a non-string metric`,
		"state":                         state,
		"state ok":                      state,
		"state available now":           state,
		"timestamp":                     "Timestamp line not in the following format: timestamp <timestamp>",
		"timestamp 1.5":                 "Timestamp line not in the following format: timestamp <timestamp>",
		"timestamp 0":                   "Timestamp line not in the following format: timestamp <timestamp>",
		"timestamp 9999999999999999999": "Timestamp line not in the following format: timestamp <timestamp>",
	} {
		for _, code := range []int{0, 2} {
			r, err := parseVirgo("metric good int 1\nstatus fine\n"+in+"\nanother fault\nmetric x y\n", exit{code: code})
			if err == nil || err.Error() != want {
				t.Errorf("%q: error %v, want %q", in, err, want)
			}
			if len(r.Metrics) != 0 {
				t.Errorf("%q: metrics %v with a fault", in, r.Metrics)
			}
		}
	}
}

func TestVirgoTimestamp(t *testing.T) {
	r, err := parseVirgo("timestamp 1343400000123\n", exit{})
	if err != nil || !r.Time.Equal(time.UnixMilli(1343400000123)) {
		t.Errorf("got %v, %v", r.Time, err)
	}
}

func TestVirgoExit(t *testing.T) {
	for _, tt := range []struct {
		in   string
		exit exit
		want string
	}{
		{"", exit{code: 3}, "Plugin exited with non-zero status code (code=3)"},
		{"status \n", exit{code: 3}, "Plugin exited with non-zero status code (code=3)"},
		{"status ponies > unicorns\nmetric n int 1\n", exit{code: 1}, "ponies > unicorns"},
		{"state available\n", exit{signal: 9, name: "killed"}, "Plugin was ended by signal 9 (killed)"},
	} {
		r, err := parseVirgo(tt.in, tt.exit)
		if err == nil || err.Error() != tt.want || len(r.Metrics) > 0 {
			t.Errorf("%q, %+v: got %v, %v; want %q", tt.in, tt.exit, r.Metrics, err, tt.want)
		}
	}
}

func TestTooManyMetrics(t *testing.T) {
	var b strings.Builder
	for i := range collect.MaxMetrics + 1 {
		fmt.Fprintf(&b, "metric m%d int %d\n", i, i)
	}
	b.WriteString("status finished\n")
	r, err := parseVirgo(b.String(), exit{})
	if err != nil || len(r.Metrics) != collect.MaxMetrics || r.Status != "Output cut at 10000 metrics: finished" {
		t.Errorf("got %d metrics, status %q, error %v", len(r.Metrics), r.Status, err)
	}
	if r, err = parseVirgo(b.String()+"metric m int\n", exit{}); err == nil || err.Error() != badMetric {
		t.Errorf("a fault past the last metric: got %v, %v", r.Status, err)
	}
}

// TestVirgoOutputFitsIntoResult: what is kept of an output fits into a result, however long its
// JSON is.
func TestVirgoOutputFitsIntoResult(t *testing.T) {
	for _, value := range []string{"x", `"`, "\x01", "\u2028", "ä"} {
		line := "metric m%d.n string " + strings.Repeat(value, 100) + "\n"
		var b strings.Builder
		for i := 0; b.Len() <= MaxOutputBytes; i++ {
			fmt.Fprintf(&b, line, i)
		}
		r, err := parseVirgo(b.String(), exit{})
		if err != nil || !strings.HasPrefix(r.Status, "Output cut at ") {
			t.Fatalf("%q: status %q, error %v", value, r.Status, err)
		}
		result := collect.Result{
			CheckID: "c", CheckType: TypeName, State: collect.Available, Status: r.Status, Metrics: r.Metrics,
		}
		n := len(result.AppendJSON(nil))
		if n > collect.MaxResultBytes {
			t.Errorf("%q: %d metrics make %d bytes of JSON", value, len(r.Metrics), n)
		}
		if n < collect.MaxResultBytes/2 {
			t.Errorf("%q: only %d bytes of JSON were kept", value, n)
		}
	}
}

func FuzzVirgo(f *testing.F) {
	f.Add("status ok fine\nmetric a.b int 1 bytes\nstate available\ntimestamp 1343400000123\n", 0)
	f.Add("metric a string \x00\xff\r\n\n", 1)
	f.Add("\ufeffmetric . int 0x\nstate", 0)
	f.Add(strings.Repeat("metric a string b\n", 3), -1)
	f.Fuzz(func(t *testing.T, in string, code int) {
		r, err := parseVirgo(in, exit{code: code})
		var text failure
		switch {
		case err != nil && (!errors.As(err, &text) || text == ""):
			t.Errorf("error %#v has no text", err)
		case err != nil && (len(r.Metrics) > 0 || r.Status != ""):
			t.Errorf("error %v with a report %+v", err, r)
		case err == nil && code != 0:
			t.Errorf("exit code %d is ignored", code)
		}
		for _, m := range r.Metrics {
			if m.Name == "" || !m.Valid() || strings.ContainsAny(m.Name+m.Dimension+m.Unit, " \t\n\x00") {
				t.Errorf("metric %+v", m)
			}
		}
		// The result does not depend on the sizes of the reads.
		g := new(virgoFormat)
		o := newOutput(g)
		o.read(&smallReads{in})
		again, err2 := g.report(exit{code: code}, o.truncated)
		if fmt.Sprint(err) != fmt.Sprint(err2) || again.Status != r.Status || !slices.Equal(again.Metrics, r.Metrics) {
			t.Errorf("in parts: %+v, %v; whole: %+v, %v", again, err2, r, err)
		}
	})
}
