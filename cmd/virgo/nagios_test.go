package main

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"virgo/cmd/internal/agent"
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

// A check that hangs past the deadline says nothing about what it checks: UNKNOWN, and not the 1 of other
// commands, which is a warning here.
func TestNagiosOverdueIsUnknown(t *testing.T) {
	for _, nagios := range []bool{true, false} {
		var out bytes.Buffer
		a := &app{Program: agent.New(t.Context(), agent.Stdio{Out: &out, Err: io.Discard}, func(string) string { return "" }, nil)}
		c := checkCmd{Type: "agent.nosuch", Timeout: time.Minute, Nagios: nagios}
		_ = c.Run(a)
		out.Reset()
		if !nagios {
			if a.Overdue != nil {
				t.Error("the exit code of a check for people changed")
			}
			continue
		}
		err := a.Overdue(errors.New("not finished 2s after the deadline of 61s"))
		if code := agent.ExitCode(err); code != nagiosUnknown || out.String() != "UNKNOWN: not finished 2s after the deadline of 61s\n" {
			t.Errorf("exit code %d, %q", code, out.String())
		}
	}
}
