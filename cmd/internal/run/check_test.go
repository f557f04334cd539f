package run

import (
	"context"
	"testing"

	"virgo/collect"
	"virgo/transport/transporttest"
)

// Slow is called before a check that may start a program begins, and is not for one that only
// reads.
func TestSlowIsCalledBeforeChecksThatMayStartPrograms(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("c"), ScheduleHash: "1"})
	slow, ran := false, false
	b.Slow = func() { slow = true }
	program := collect.CheckerFunc(func(context.Context, collect.Request) (collect.Report, error) {
		ran = true
		if !slow {
			t.Error("the check began before Slow was called")
		}
		return collect.Report{}, nil
	})
	var err error
	b.Registry, err = collect.NewRegistry(
		collect.Type{Name: "test.ok", Checker: program},
		collect.Type{Name: "test.kernel", KernelOnly: true, Checker: program})
	if err != nil {
		t.Fatal(err)
	}
	if b.run(); !ran {
		t.Error("the check did not run")
	}
	for name, want := range map[string]bool{"test.ok": false, "test.kernel": true, "test.unknown": false} {
		if got := b.kernelOnly(name); got != want {
			t.Errorf("kernelOnly(%q) = %v", name, got)
		}
	}
}
