package plugin

import (
	"fmt"
	"strings"
	"testing"

	"virgo/collect"
)

// parsed is what a format makes of a text: its metrics, and its faults as "N: text".
func parsed(text, format string) (metrics, faults []string) {
	x := examine([]byte(text), format, 0, 0)
	for _, m := range x.Report.Metrics {
		if m.Name != "plugin_state" {
			metrics = append(metrics, toldMetric(m))
		}
	}
	for _, f := range x.Faults {
		faults = append(faults, fmt.Sprintf("%d: %s", f.Line, f.Text))
	}
	return metrics, faults
}

// A perfdata is an item of performance data with what comes of it; one without a metric is left out.
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
		metrics, faults := parsed("x|"+in, "nagios")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

// A fault costs its own item only; one of a threshold costs nothing.
func TestPerfdataFaults(t *testing.T) {
	for in, want := range map[string]struct{ metrics, fault string }{
		"word z=1":              {"z double 1", `1: "word" is no label=value`},
		"=1 z=1":                {"z double 1", `1: "=1" has no label`},
		"''=1 z=1":              {"z double 1", `1: "=1" has no label`},
		"a= z=1":                {"z double 1", `1: "" of "a" is no number with a unit`},
		"a=x z=1":               {"z double 1", `1: "x" of "a" is no number with a unit`},
		"a=nan z=1":             {"z double 1", `1: "nan" of "a" is no number with a unit`},
		"a=0x10 z=1":            {"z double 1", `1: "0x10" of "a" is no number with a unit`},
		"a=1.2.3 z=1":           {"z double 1", `1: "1.2.3" of "a" is no number with a unit`},
		"a=1.234,5 z=1":         {"z double 1", `1: "1.234,5" of "a" is no number with a unit`},
		"a=1e999 z=1":           {"z double 1", `1: "1e999" of "a" is no number with a unit`},
		"a=1e308EB z=1":         {"z double 1", `1: "1e308EB" of "a" is no number with a unit`},
		"'open=1 z=1":           {"", `1: the label "'open=1 z=1" is not closed by a quotation mark and "="`},
		"a=1;x z=1":             {"a double 1, z double 1", `1: threshold "x" of "a" is no range`},
		"a=1;20:10 z=1":         {"a double 1, z double 1", `1: threshold "20:10" of "a" is no range`},
		"a=1;: z=1":             {"a double 1, z double 1", `1: threshold ":" of "a" is no range`},
		"a=1;;10:~ z=1":         {"a double 1, z double 1", `1: threshold "10:~" of "a" is no range`},
		"a=1;;;x z=1":           {"a double 1, z double 1", `1: limit "x" of "a" is no number`},
		"a=1;;;;;6 z=1":         {"a double 1, z double 1", `1: "a" has more than value, warn, crit, min and max`},
		"z=1\nlong\nlong | a=x": {"z double 1", `3: "x" of "a" is no number with a unit`},
	} {
		metrics, faults := parsed("x|"+in, "nagios")
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
		{"one|a=1\ntwo\nthree | b=2\nc=3\nd=4 e=5\n", 0, 0,
			"nagios, available: one\na double 1\nb double 2\nc double 3\nd double 4\ne double 5\nplugin_state string ok\n"},
	} {
		if got := told(examine([]byte(tt.in), "nagios", tt.code, tt.signal)); got != tt.want {
			t.Errorf("%q, code %d:\n%swant\n%s", tt.in, tt.code, got, tt.want)
		}
	}
}

// The judgement is told however many metrics there are.
func TestNagiosJudgementHasRoom(t *testing.T) {
	var b strings.Builder
	b.WriteString("OK |")
	for i := range collect.MaxMetrics {
		fmt.Fprintf(&b, " m%d=%d", i, i)
	}
	x := examine([]byte(b.String()), "", 0, 0)
	last := len(x.Report.Metrics) - 1
	if len(x.Report.Metrics) != collect.MaxMetrics || x.Report.Metrics[last].Name != "plugin_state" || x.Report.Status != "Output cut at 10000 metrics: OK" {
		t.Errorf("%d metrics, %q", len(x.Report.Metrics), x.Report.Status)
	}
}
