package main

import (
	"testing"

	"virgo/collect"
)

// What goes on a pager: the worst of what a result says of itself.
func TestNagiosCode(t *testing.T) {
	said := func(name string, values ...string) (r collect.Result) {
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
		{said("plugin_state", "ok"), nagiosOK},
		{said("plugin_state", "ok", "warning", "ok"), nagiosWarning},
		{said("plugin_state", "unknown", "warning"), nagiosUnknown},
		{said("plugin_state", "critical", "unknown"), nagiosCritical},
		{said("plugin_state", "unknown", "critical"), nagiosCritical},
		{said("active_state", "failed"), nagiosCritical},
		{said("active_state", "inactive"), nagiosOK}, // so is a service between the runs of its timer
		{said("state", "critical"), nagiosOK},
	} {
		if got := nagiosCode(c.r); got != c.want {
			t.Errorf("%+v: %d, want %d", c.r, got, c.want)
		}
	}
}
