package api

import (
	"context"
	"runtime"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// figuresOfHost are types of checks as package host has them.
func figuresOfHost(t *testing.T) *collect.Registry {
	t.Helper()
	released := 0
	t.Cleanup(func() {
		if released == 0 {
			t.Error("no report was released")
		}
	})
	check := func(_ context.Context, req collect.Request) (collect.Report, error) {
		var b collect.MetricBuilder
		b.Dimension = "sda"
		b.Uint64("reads", 1<<40, "operations")
		b.Dimension = ""
		b.Text("state", "fine")
		b.Bool("busy", true)
		if target, _ := req.Check.Details.Text("target"); target == "gone" {
			return collect.Report{Unavailable: true, Status: "gone is no disk"}, nil
		}
		return collect.Report{Metrics: b.Metrics, Release: func() { released++ }}, nil
	}
	target := []collect.Detail{{Name: "target", Role: schedule.Other, Kind: detail.Text, Summary: "disk"}}
	r, err := collect.NewRegistry(
		collect.Type{Name: "agent.disk", Details: target, KernelOnly: true, Checker: collect.CheckerFunc(check)},
		collect.Type{Name: "agent.memory", Checker: collect.CheckerFunc(check)},
	)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFigures(t *testing.T) {
	guard := &allowing{list: []string{"figures agent.disk", "figures agent.memory", "figures agent.plugin"}}
	world := func(o *script.Options) { o.Figures = figuresOfHost(t) }
	runRows(t, guard, []row{
		{code: `return host.figures("agent.disk", {target="sda"})`,
			want: "{{dimension=sda name=reads type=uint64 unit=operations value=1099511627776} {dimension= name=state type=string unit= value=fine} {dimension= name=busy type=bool unit= value=true}}"},
	}, world)
	registry := figuresOfHost(t)
	runRows(t, guard, []row{
		{code: `return #host.figures("agent.disk")`, want: "3"},
		{code: `return host.figures("agent.disk", {target="gone"})`, want: "nil | agent.disk: gone is no disk"},
		{code: `return host.figures("agent.disk", {other=1})`, want: `nil | agent.disk has no detail "other"; it has target`},
		{code: `return host.figures("agent.disk", {target={}})`, raises: `detail "target": want texts, numbers, true or false, by name`},
		{code: `return host.figures("agent.memory")`, want: `nil | there are no figures "agent.memory"`}, // starts something
		{code: `return host.figures("agent.plugin")`, want: `nil | there are no figures "agent.plugin"`},
		{code: `return host.figures("agent.cpu")`, raises: `uses figures "agent.cpu", which it does not declare`},
	}, func(o *script.Options) { o.Figures = registry })
	runRows(t, guard, []row{{code: `return host.figures("agent.disk")`, want: "nil | this process has no figures of the host"}})
}

func TestFacts(t *testing.T) {
	runRows(t, nil, []row{
		{code: `return host.os(), host.arch(), host.name() ~= "", #host.interfaces() > 0`, want: runtime.GOOS + " | " + runtime.GOARCH + " | true | true"},
		{code: `return host.os(1)`, raises: "host.os() -> text"},
	})
	boot := time.Unix(1_600_000_000, 0)
	facts := script.Facts{OS: "linux", Name: "here", BootTime: boot, Interfaces: []script.Interface{{Name: "eth0", Hardware: "02:00:00:00:00:01", MTU: 1500, Up: true, Addresses: []string{"192.0.2.1/24"}}}}
	runRows(t, nil, []row{
		{code: `return host.name(), host.boot_time(), host.interfaces()`,
			want: "here | 1600000000 | {{addresses={192.0.2.1/24} hardware=02:00:00:00:00:01 mtu=1500 name=eth0 up=true}}"},
	}, func(o *script.Options) { o.World.Host = capturedHost(facts) })
}

type capturedHost script.Facts

func (h capturedHost) Facts(context.Context) (script.Facts, error) { return script.Facts(h), nil }

func (capturedHost) Figures(context.Context, string, schedule.Details) (collect.Report, error) {
	return collect.Report{}, nil
}
