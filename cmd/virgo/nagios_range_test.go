package main

import (
	"strings"
	"testing"

	"virgo/collect"
)

// The table of the Monitoring Plugins Development Guidelines, and its edges.
func TestNagiosRange(t *testing.T) {
	for text, want := range map[string]struct{ alerts, fine []float64 }{
		"10":     {[]float64{-1, 10.1}, []float64{0, 5, 10}},
		"0":      {[]float64{-0.1, 0.1}, []float64{0}},
		"10:":    {[]float64{9.9, -10}, []float64{10, 1e300}},
		"~:10":   {[]float64{10.5}, []float64{-1e300, 10}},
		"~:":     {nil, []float64{-1, 0, 1}},
		":10":    {[]float64{-1, 11}, []float64{0, 10}},
		"10:20":  {[]float64{9, 21}, []float64{10, 20}},
		"@10:20": {[]float64{10, 15, 20}, []float64{9, 21}},
		"@10":    {[]float64{0, 10}, []float64{-1, 11}},
		"-5:-1":  {[]float64{-6, 0}, []float64{-5, -1}},
		"1.5e3:": {[]float64{1499}, []float64{1500}},
	} {
		r, err := parseNagiosRange(text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
		}
		for _, n := range want.alerts {
			if !r.alerts(n) {
				t.Errorf("%q: %v is fine", text, n)
			}
		}
		for _, n := range want.fine {
			if r.alerts(n) {
				t.Errorf("%q: %v alerts", text, n)
			}
		}
	}
	for _, text := range []string{
		"", "@", "a", "10:5", "5:~", "1:2:3", "~", "@~", "10%", "nan", "inf", "~:inf", "1_0", "0x1p4", " 1", "10,20", "-5",
	} {
		if r, err := parseNagiosRange(text); err == nil {
			t.Errorf("%q is %+v", text, r)
		}
	}
}

func TestThresholds(t *testing.T) {
	reg, err := collect.NewRegistry(collect.Type{Name: "test", Checker: collect.CheckerFunc(nil)})
	if err != nil {
		t.Fatal(err)
	}
	r := collect.Result{CheckType: "test", State: collect.Available, Status: "fine", Metrics: []collect.Metric{
		{Name: "load", Type: collect.Double, Value: "4.5"},
		{Dimension: "eth0", Name: "rx", Type: collect.Int64, Value: "10", Unit: "bytes"},
		{Dimension: "lo", Name: "rx", Type: collect.Int64, Value: "90", Unit: "bytes"},
		{Name: "state", Type: collect.String, Value: "up"},
	}}
	failed := collect.Result{CheckType: "test", State: collect.Unavailable, Status: "gone"}
	for _, tt := range []struct {
		name              string
		warning, critical string // separated by blanks
		r                 collect.Result
		code              int
		want              string // part of the line or of the error
	}{
		{"none", "", "", r, nagiosOK, "OK: test fine (load 4.5"},
		{"fine", "load=5", "load=10", r, nagiosOK, " |'load'=4.5;5;10 'eth0.rx'=10B 'lo.rx'=90B"},
		{"warning", "load=4", "load=10", r, nagiosWarning, "WARNING: test load 4.5 is outside 4; fine (load"},
		{"critical", "load=4", "load=~:4.4", r, nagiosCritical, "CRITICAL: test load 4.5 is outside ~:4.4; fine"},
		{"only critical", "", "load=@4:5", r, nagiosCritical, "load 4.5 is within @4:5; fine"},
		{"perfdata of critical alone", "", "load=5", r, nagiosOK, "'load'=4.5;;5 "},
		{"every dimension", "rx=50", "", r, nagiosWarning, "WARNING: test lo.rx 90 is outside 50; fine"},
		{"one dimension", "eth0.rx=50", "", r, nagiosOK, "'eth0.rx'=10B;50 'lo.rx'=90B"},
		{"the more exact one counts", "rx=50 lo.rx=100", "", r, nagiosOK, "'eth0.rx'=10B;50 'lo.rx'=90B;100"},
		{"text", "state=5", "", r, nagiosUnknown, `UNKNOWN: test state "up" is no number; fine`},
		{"no such metric", "laod=5", "", r, nagiosUnknown, `test has no metric "laod", did you mean "load"?`},
		{"no such metric, critical", "", "xyz=5", r, nagiosUnknown, `test has no metric "xyz"`},
		{"unavailable", "load=5", "", failed, nagiosCritical, "CRITICAL: test gone"},
		{"no range", "load", "", r, nagiosUnknown, `--warning "load" does not have the form METRIC=RANGE`},
		{"no name", "", "=5", r, nagiosUnknown, `--critical "=5" does not have the form`},
		{"bad range", "", "load=5:1", r, nagiosUnknown, `--critical "load": the range "5:1" ends before it starts`},
		{"twice", "load=5 load=6", "", r, nagiosUnknown, `--warning is given twice for "load"`},
	} {
		o, err := newNagiosOutput(strings.Fields(tt.warning), strings.Fields(tt.critical))
		line, code := "", nagiosUnknown
		if err == nil {
			line, code, err = o.format(reg, tt.r)
		}
		if err != nil {
			line = err.Error()
		}
		if code != tt.code || !strings.Contains(line, tt.want) {
			t.Errorf("%s: exit code %d, want %d: %s", tt.name, code, tt.code, line)
		}
	}
}
