package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/internal/agent"
	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/cmd/internal/term"
	"virgo/collect"
	"virgo/schedule"
)

func TestStatusProblems(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	sch := schedule.Schedule{Checks: []schedule.Check{{ID: "on"}, {ID: "off", Disabled: true}}}
	result := func(id string, state collect.State, age time.Duration) collect.Result {
		return collect.Result{CheckID: id, State: state, Time: now.Add(-age), MinCheckPeriod: time.Minute}
	}
	ran := func(ago time.Duration, failing int64) run.State {
		return run.State{
			Run: run.LastRun{StartedMS: now.Add(-ago).UnixMilli()}, State: link.State{Status: link.Status{FailingSinceMS: failing}},
		}
	}
	for _, tt := range []struct {
		name   string
		state  run.State
		latest []collect.Result
		want   int
	}{
		{"well", ran(time.Minute, 0), []collect.Result{result("on", collect.Available, time.Hour)}, 0},
		{"unavailable", ran(time.Minute, 5), []collect.Result{result("on", collect.Unavailable, time.Hour)}, 1},
		{"disabled", ran(time.Minute, 0), []collect.Result{result("off", collect.Unavailable, time.Second)}, 0},
		{"no longer scheduled", ran(time.Minute, 0), []collect.Result{result("x", collect.Unavailable, time.Second)}, 0},
		{"no run", ran(11*time.Minute, 0), nil, 1},
		{"never a run", run.State{}, nil, 1},
		{"delivery fails", ran(time.Minute, 5), nil, 4},
	} {
		got := 0
		var exit *agent.ExitError
		if err := newProblems(tt.state, sch, tt.latest, now).exit(); errors.As(err, &exit) {
			got = exit.Code
		}
		if got != tt.want {
			t.Errorf("%s: exit code %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestStatusShowsNotTooManyProblems(t *testing.T) {
	var p problems
	for i := range maxUnavailable + 3 {
		p.unavailable = append(p.unavailable, collect.Result{CheckID: fmt.Sprint(i)})
	}
	var tab term.Table
	var b strings.Builder
	p.addTo(&tab, time.Now())
	if err := tab.Write(&b, false); err != nil || !strings.HasSuffix(b.String(), "unavailable  3 more: virgo last\n") {
		t.Errorf("%s, %v", b.String(), err)
	}
}
