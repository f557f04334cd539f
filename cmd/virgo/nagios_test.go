package main

import (
	"testing"

	"virgo/collect"
)

// The exit code is the worst state that the metrics report.
func TestNagiosCode(t *testing.T) {
	result := func(name string, values ...string) (r collect.Result) {
		r.State = collect.Available
		for _, v := range values {
			r.Metrics = append(r.Metrics, collect.Metric{Name: name, Type: collect.String, Value: v})
		}
		return r
	}
	for _, c := range []struct {
		r    collect.Result
		want int
	}{
		{collect.Result{State: collect.Available}, nagiosOK},
		{collect.Result{State: collect.Unavailable}, nagiosCritical},
		{result("plugin_state", "ok"), nagiosOK},
		{result("plugin_state", "ok", "warning", "ok"), nagiosWarning},
		{result("plugin_state", "unknown", "warning"), nagiosUnknown},
		{result("plugin_state", "critical", "unknown"), nagiosCritical},
		{result("plugin_state", "unknown", "critical"), nagiosCritical},
		{result("active_state", "failed"), nagiosCritical},
		{result("active_state", "inactive"), nagiosOK}, // a service is inactive between the runs of its timer
		{result("state", "critical"), nagiosOK},
	} {
		if got := nagiosCode(c.r); got != c.want {
			t.Errorf("%+v: %d, want %d", c.r, got, c.want)
		}
	}
}
