package plugin

import (
	"fmt"
	"strings"
	"testing"

	"virgo/collect"
)

// metricsAndFaults parses a text and returns its metrics, and its faults as "N: text".
func metricsAndFaults(text, format string) (metrics, faults []string) {
	x := parseOutput([]byte(text), format, 0, 0)
	for _, m := range x.Report.Metrics {
		if m.Name != "plugin_state" {
			metrics = append(metrics, describeMetric(m))
		}
	}
	for _, f := range x.Faults {
		faults = append(faults, fmt.Sprintf("%d: %s", f.Line, f.Text))
	}
	return metrics, faults
}

func TestPerfdata(t *testing.T) {
	for in, want := range map[string]string{
		"a=1": "a double 1", "a=-1.50": "a double -1.5", "a=+2": "a double 2", "a=.5": "a double 0.5", "a=5.": "a double 5", "a=1e3": "a double 1000",
		"a=18446744073709551615c": "a gauge 18446744073709551615", "a=1.5c": "a gauge 1.5", "a=007": "a double 7", "a=-0": "a double 0",
		"a=2s": "a double 2 seconds", "a=0.35ms": "a double 0.00035 seconds", "a=897us": "a double 0.000897 seconds", "a=5ns": "a double 0.000000005 seconds",
		"a=1.5e3ms": "a double 1.5 seconds", "a=12µs": "a double 0.000012 seconds",
		"a=50%": "a double 50 percent", "a=0,5s": "a double 0.5 seconds", "a=17,25%": "a double 17.25 percent",
		"a=3B": "a double 3 bytes", "a=2KB": "a double 2048 bytes", "a=1.5MB": "a double 1572864 bytes", "a=1GB": "a double 1073741824 bytes",
		"a=1TB": "a double 1099511627776 bytes", "a=1kb": "a double 1024 bytes", "a=10.00Gb": "a double 10737418240 bytes", "a=2MiB": "a double 2097152 bytes",
		"a=1PB": "a double 1125899906842624 bytes", "a=1EB": "a double 1152921504606847000 bytes", "a=2b": "a double 2 b",
		"a=20C": "a double 20 C", "a=3packets": "a double 3 packets", "a=1e30": "a double 1e+30", "a=2e-300": "a double 2e-300", "a=0.1e-400us": "a double 0 seconds",
		"'a b'=1": "a b double 1", "'it''s'=1": "it's double 1", "'it's'=1": "it's double 1", "'a=b'=1": "a=b double 1", "/=1;2;3;0;9": "/ double 1",
		"a=1;2;3;0;9": "a double 1", "a=1;@10:20;~:30;;": "a double 1", "a=1;10:;@~:5;-1;1": "a double 1", "a=1;5ms;1:2s": "a double 1",
		"a=1;": "a double 1", "a=1;;;;": "a double 1", "a=1;;;;;": "a double 1", "a=1,": "a double 1",
		"a=U": "", "a=U;1;2": "", "'C:\\ %'=5%": "C:\\ % double 5 percent",
	} {
		metrics, faults := metricsAndFaults("x|"+in, "nagios")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

// TestPerfdataOfPlugins: what plugins print although the guidelines say otherwise.
func TestPerfdataOfPlugins(t *testing.T) {
	for in, want := range map[string]string{
		// Labels with blanks and without quotation marks, as Icinga 2 reads them.
		`d:\ Used Space=75.48Gb;90.00;95.00;0.00;100.00`: `d:\ Used Space double 81046032875.52 bytes`,
		`c:\ Used=1%;2;3 e:\ Used=2%;2;3`:                `c:\ Used double 1 percent, e:\ Used double 2 percent`,
		"15 min avg Load=59%;80;90;0;100":                "15 min avg Load double 59 percent",
		"Memory usage=1.5Mb;2;3;0;4":                     "Memory usage double 1572864 bytes",
		// Other separators.
		"pgin/s=0, pgout/s=2,": "pgin/s double 0, pgout/s double 2",
		"a=1,b=2,c=3s;4;5,d=6": "a double 1, b double 2, c double 3 seconds, d double 6",
		"a=1,5,b=2,5s":         "a double 1.5, b double 2.5 seconds",
		"a=1,b c=2":            "a double 1, b c double 2",
		"a=1 , b=2":            "a double 1, b double 2",
		"Idle=3;Busy=1;Max=9":  "Idle double 3, Busy double 1, Max double 9",
		"a=1;2;3;;;b=2":        "a double 1, b double 2",
		"a=1 | b=2|c=3":        "a double 1, b double 2, c double 3",
		// Blanks around the "=".
		"'CPU Use' = 11.11%;10.0;20.0 a = 5ms b=1": "CPU Use double 11.11 percent, a double 0.005 seconds, b double 1",
		"'x' = U 'y' =2": "y double 2",
		// Items of check_multi.
		"m::disk::a=1 b=2 m::load::c=3 d=4": "m::disk::a double 1, m::disk::b double 2, m::load::c double 3, m::load::d double 4",
		// A title of a terminal, and a colour.
		"\x1b[1ma\x1b[0m=1": "a double 1",
	} {
		metrics, faults := metricsAndFaults("x|"+in, "nagios")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

// TestPerfdataTakesLinearTime: no output of the largest size takes more than a moment. Quadratic time
// would be minutes.
func TestPerfdataTakesLinearTime(t *testing.T) {
	for _, item := range []string{"a=1,", "a=1;", "a=x,", "'a=1 ", "'a", "a=1", "=", "=,", "a = ", "a::", ",|"} {
		metricsAndFaults("x|"+strings.Repeat(item, (MaxOutputBytes-8)/len(item)), "nagios")
	}
}

// TestPerfdataFaults: an invalid item is left out; an item with an invalid threshold is not.
func TestPerfdataFaults(t *testing.T) {
	for in, want := range map[string]struct{ metrics, fault string }{
		"word 'z'=1":            {"z double 1", `1: "word" is not label=value`},
		"a=x,b=2;c=3":           {"b double 2, c double 3", `1: "x" of "a" is not a number with a unit`},
		"z=1 word":              {"z double 1", `1: "word" is not label=value`},
		"'a=5 'z'=1":            {"z double 1", `1: the label "'a=5 'z'=1" has no closing quotation mark before "="`},
		"a=1;b z=1":             {"a double 1, z double 1", `1: threshold "b" of "a" is not a range`},
		"z=1 z=2":               {"z double 1", `1: there are two values for the metric "z"; the first stands`},
		"plugin_state=1 z=1":    {"z double 1", `1: the label "plugin_state" is the name of the state`},
		"=1 z=1":                {"z double 1", `1: "=1" has no label`},
		"''=1 z=1":              {"z double 1", `1: "=1" has no label`},
		"a= z=1":                {"z double 1", `1: "" of "a" is not a number with a unit`},
		"a=x z=1":               {"z double 1", `1: "x" of "a" is not a number with a unit`},
		"a=nan z=1":             {"z double 1", `1: "nan" of "a" is not a number with a unit`},
		"a=0x10 z=1":            {"z double 1", `1: "0x10" of "a" is not a number with a unit`},
		"a=1.2.3 z=1":           {"z double 1", `1: "1.2.3" of "a" is not a number with a unit`},
		"a=1.234,5 z=1":         {"z double 1", `1: "1.234,5" of "a" is not a number with a unit`},
		"a=1e999 z=1":           {"z double 1", `1: "1e999" of "a" is not a number with a unit`},
		"a=1e308EB z=1":         {"z double 1", `1: "1e308EB" of "a" is not a number with a unit`},
		"'open=1 z=1":           {"z double 1", `1: the label "'open=1 z=1" has no closing quotation mark before "="`},
		"a=1;x z=1":             {"a double 1, z double 1", `1: threshold "x" of "a" is not a range`},
		"a=1;20:10 z=1":         {"a double 1, z double 1", `1: threshold "20:10" of "a" is not a range`},
		"a=1;: z=1":             {"a double 1, z double 1", `1: threshold ":" of "a" is not a range`},
		"a=1;;10:~ z=1":         {"a double 1, z double 1", `1: threshold "10:~" of "a" is not a range`},
		"a=1;;;x z=1":           {"a double 1, z double 1", `1: limit "x" of "a" is not a number`},
		"a=1;;;;;6 z=1":         {"a double 1, z double 1", `1: "a" has more than value, warn, crit, min and max`},
		"z=1\nlong\nlong | a=x": {"z double 1", `3: "x" of "a" is not a number with a unit`},
	} {
		metrics, faults := metricsAndFaults("x|"+in, "nagios")
		if strings.Join(metrics, ", ") != want.metrics || strings.Join(faults, ", ") != want.fault {
			t.Errorf("%q: %q, faults %q; want %+v", in, metrics, faults, want)
		}
	}
}

func TestNagiosOutput(t *testing.T) {
	for _, tt := range []struct {
		in           string
		code, signal int
		want         string
	}{
		{"", 0, 0, "nagios, available: \nplugin_state string ok\n"},
		{"", 2, 0, "nagios, unavailable: Plugin exited with non-zero status code (code=2)\n"},
		{"fine", 0, 0, "nagios, available: fine\nplugin_state string ok\n"},
		{"  fine  |  \n", 1, 0, "nagios, available: fine\nplugin_state string warning\n"},
		{"|a=1\nmore\n", 0, 0, "nagios, available: \na double 1\nplugin_state string ok\n"},
		{"bad | a=1\n", 2, 0, "nagios, available: bad\na double 1\nplugin_state string critical\n"},
		{"bad | a=1\n", 3, 0, "nagios, available: bad\na double 1\nplugin_state string unknown\n"},
		{"bad | a=U\n", 2, 0, "nagios, unavailable: bad\n"},
		{"bad | a=1\n", 4, 0, "nagios, unavailable: Plugin exited with non-zero status code (code=4): bad\n"},
		{"bad | a=1\n", -1, 0, "nagios, unavailable: Plugin exited with non-zero status code (code=-1): bad\n"},
		{"", 127, 0, "nagios, unavailable: Plugin exited with non-zero status code (code=127)\n"},
		{"OK | d:\\ Used=75Gb;90;95 d:\\ Used=21Gb;45;47\n", 0, 0,
			"nagios, available: Line 1: there are two values for the metric \"d:\\\\ Used\"; the first stands: OK\nd:\\ Used double 80530636800 bytes\nplugin_state string ok\n" +
				"line 1: there are two values for the metric \"d:\\\\ Used\"; the first stands\n"},
		{"\x1b[31mDISK CRITICAL\x1b[0m -\tfull\n", 2, 0, "nagios, unavailable: DISK CRITICAL - full\n"},
		{"one|a=1\ntwo\nthree | b=2\nc=3\nd=4 e=5\n", 0, 0,
			"nagios, available: one\na double 1\nb double 2\nc double 3\nd double 4\ne double 5\nplugin_state string ok\n"},
	} {
		if got := describe(parseOutput([]byte(tt.in), "nagios", tt.code, tt.signal)); got != tt.want {
			t.Errorf("%q, code %d:\n%swant\n%s", tt.in, tt.code, got, tt.want)
		}
	}
}

// TestNagiosStateAtMetricLimit: plugin_state is reported however many metrics there are.
func TestNagiosStateAtMetricLimit(t *testing.T) {
	var b strings.Builder
	b.WriteString("OK |")
	for i := range collect.MaxMetrics {
		fmt.Fprintf(&b, " m%d=%d", i, i)
	}
	x := parseOutput([]byte(b.String()), "", 0, 0)
	last := len(x.Report.Metrics) - 1
	if last != collect.MaxMetrics-1 || x.Report.Metrics[last].Name != "plugin_state" ||
		x.Report.Status != "Output cut at 10000 metrics: OK" {
		t.Errorf("%d metrics, %q", len(x.Report.Metrics), x.Report.Status)
	}
}
