package plugin

import (
	"strings"
	"testing"
)

func TestPrometheus(t *testing.T) {
	for in, want := range map[string]string{
		"a 1":                                    "a double 1",
		"a\t-1.5e-3\t1700000000000":              "a double -0.0015",
		"a{} 1 1.5":                              "a double 1",
		"a:b_c9 +Inf\nb NaN\nc -Inf\nd 1":        "d double 1",
		"a_seconds 1":                            "a_seconds double 1 seconds",
		"a_bytes_total 1":                        "a_bytes_total double 1 bytes",
		`a{z="1",b="2"} 3`:                       "[b=2,z=1]a double 3",
		`a { z = "1" , b="2", } 3`:               "[b=2,z=1]a double 3",
		`a{z="",b="2"} 3`:                        "[b=2]a double 3",
		`a{p="C:\\x",q="say \"hi\"",r="\d"} 3`:   `[p=C:\x,q=say "hi",r=\d]a double 3`,
		`a{n="one\ntwo"} 3`:                      "[n=one two]a double 3",
		"c{x=\"1,y=2\"} 1\nc{x=\"1\",y=\"2\"} 2": `[x=1\,y=2]c double 1, [x=1,y=2]c double 2`,
		`a{b="}"} 3`:                             "[b=}]a double 3",
		`{"my.metric","a.b"="c"} 3`:              "[a.b=c]my.metric double 3",
		"# TYPE a counter\na 1\na_total 2\nab 3\n# TYPE ab gauge\nab{c=\"d\"} 4\na{c=\"d\"} 5":        "a gauge 1, a_total gauge 2, ab double 3, [c=d]ab double 4, [c=d]a double 5",
		"# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 0.7\nh_count 2":   "[le=0.5]h_bucket gauge 1, [le=+Inf]h_bucket gauge 2, h_sum gauge 0.7, h_count gauge 2",
		"# TYPE s_seconds summary\ns_seconds{quantile=\"0.9\"} 1\ns_seconds_sum 2\ns_seconds_count 3": "[quantile=0.9]s_seconds double 1 seconds, s_seconds_sum gauge 2 seconds, s_seconds_count gauge 3",
		"# UNIT a seconds\n#TYPE a counter\na 1 # {trace=\"x\"} 0.5\n# EOF":                           "a double 1",
	} {
		metrics, faults := metricsAndFaults(in, "prometheus")
		if got := strings.Join(metrics, ", "); got != want || faults != nil {
			t.Errorf("%q: %q, faults %q; want %q", in, got, faults, want)
		}
	}
}

func TestPrometheusFaults(t *testing.T) {
	for in, want := range map[string]string{
		"a":                `metric "a" has no value`,
		"a{}":              `metric "a" has no value`,
		"a one":            `"one" of metric "a" is not a number`,
		"a 0x1p-3":         `"0x1p-3" of metric "a" is not a number`,
		"a 1_000":          `"1_000" of metric "a" is not a number`,
		"a 1 soon":         `"soon" of metric "a" is not a number`,
		"a 1 2 3":          `metric "a" has more than a value and a timestamp`,
		"a-b 1":            `"a-b" is not a metric's name`,
		"9 1":              "the metric's name is missing",
		"{} 1":             "the metric's name is missing",
		`{"a","b"} 1`:      `"b} 1" is not label="value"`,
		"a{b} 1":           `"b} 1" is not label="value"`,
		`a{b="1",b="2"} 1`: `there are two labels "b"`,
		"a{b=c} 1":         `label "b": the value is not in quotation marks`,
		`a{b="c} 1`:        `label "b": the value has no closing quotation mark`,
		`a{b="c" d="e"} 1`: `the labels have no closing "}"`,
		`a{b="c",`:         `the labels have no closing "}"`,
		"# TYPE a":         "TYPE line not in the following format: # TYPE <name> <type>",
	} {
		_, faults := metricsAndFaults("z 1\n"+in, "prometheus")
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "2: "+want) {
			t.Errorf("%q: %q, want %q", in, faults, want)
		}
	}
	x := parseOutput([]byte("z 1\nfoo\nbar\n"), "prometheus", 0, 0)
	if x.Err == nil || x.Err.Error() != `Line 2 is not in the format prometheus: metric "foo" has no value` || len(x.Faults) != 2 || x.Report.Metrics != nil {
		t.Errorf("%+v", x)
	}
}

// TestSeriesStaySeparate: series that differ have different dimensions, whatever their labels
// contain, and the others keep the dimension that they always had.
func TestSeriesStaySeparate(t *testing.T) {
	for series, want := range map[string]string{
		`x="1,y=2"`: `x=1\,y=2`, `x="1",y="2"`: "x=1,y=2", `x="1\\",y="2"`: `x=1\\,y=2`, `x="1\\,y=2"`: `x=1\\\,y=2`,
		`x="1\\"`: `x=1\`, `x="1\\\\"`: `x=1\\`, `"x=1,y"="2"`: `x\=1\,y=2`, `x="=1,y=2"`: `x==1\,y=2`, `"x="="1",y="2"`: `x\==1,y=2`,
		`p="C:\\a\\b"`: `p=C:\a\b`, `p="C:\\",q="r"`: `p=C:\\,q=r`,
	} {
		metrics, faults := metricsAndFaults("a{"+series+"} 1", "prometheus")
		if got := strings.Join(metrics, ", "); got != "["+want+"]a double 1" || faults != nil {
			t.Errorf("%s: %s, %q, want %s", series, got, faults, want)
		}
	}
	metrics, faults := metricsAndFaults("a{b=\"c\"} 1\na{b=\"c\"} 2\nz 1", "prometheus")
	if strings.Join(metrics, ", ") != "[b=c]a double 1, z double 1" || len(faults) != 1 || faults[0] != `2: there are two values for the metric "a" of "b=c"; the first stands` {
		t.Errorf("%q, %q", metrics, faults)
	}
}
