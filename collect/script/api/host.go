package api

import (
	"context"
	"fmt"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/capability"
)

func hostModule() script.Module {
	return script.Module{
		Name: "host",
		Doc:  "What this host is, and its figures as the built-in checks have them.",
		Functions: []script.Function{
			{Name: "figures",
				Signature: "host.figures(type [, details]) -> {{name, type, value, unit, dimension}, ...}",
				MinArgs:   1, MaxArgs: 2, Needs: capability.Figures,
				Doc: "The metrics of a built-in check that only reads figures of the kernel, as " +
					`"agent.memory", with its details as a table. A value is a number, a text, or ` +
					"true or false. Nil and why if the check is unavailable.",
				Call: figures},
			fact("os", "text", "The system, as Go names it: linux, darwin, freebsd or windows.",
				func(_ *lua.LState, f script.Facts) lua.LValue { return lua.LString(f.OS) }),
			fact("arch", "text", "The kind of processor, as Go names it, for example amd64 or arm64.",
				func(_ *lua.LState, f script.Facts) lua.LValue { return lua.LString(f.Arch) }),
			fact("name", "text", "The name of the host.",
				func(_ *lua.LState, f script.Facts) lua.LValue { return lua.LString(f.Name) }),
			fact("boot_time", "seconds", "When the host was started, in seconds since 1970; nil if it is not known.",
				bootTime),
			fact("interfaces", "{{name, hardware, mtu, up, addresses}, ...}",
				"The network interfaces with their addresses, each with the length of its prefix.", interfaceTables),
		},
	}
}

func bootTime(_ *lua.LState, f script.Facts) lua.LValue {
	if f.BootTime.IsZero() {
		return lua.LNil
	}
	return lua.LNumber(f.BootTime.Unix())
}

func hostOf(c *script.Call) script.Host {
	if c.World.Host != nil {
		return c.World.Host
	}
	return thisHost{figures: c.Figures}
}

// fact is a function without arguments that returns one of the facts.
func fact(name, result, doc string, value func(l *lua.LState, f script.Facts) lua.LValue) script.Function {
	return script.Function{Name: name, Signature: "host." + name + "() -> " + result, Doc: doc, MaxArgs: 0,
		Call: func(c *script.Call, l *lua.LState) int {
			c.Charge(l, callCost)
			var f script.Facts
			err := c.Blocking(func(ctx context.Context) (err error) {
				f, err = hostOf(c).Facts(ctx)
				return err
			})
			if err != nil {
				return c.Fail(l, err)
			}
			l.Push(value(l, f))
			return 1
		}}
}

func interfaceTables(l *lua.LState, f script.Facts) lua.LValue {
	list := make([]lua.LValue, len(f.Interfaces))
	for i, n := range f.Interfaces {
		addresses := make([]lua.LValue, len(n.Addresses))
		for j, a := range n.Addresses {
			addresses[j] = lua.LString(a)
		}
		t := l.CreateTable(0, 5)
		t.RawSetString("name", lua.LString(n.Name))
		t.RawSetString("hardware", lua.LString(n.Hardware))
		t.RawSetString("mtu", lua.LNumber(n.MTU))
		t.RawSetString("up", lua.LBool(n.Up))
		t.RawSetString("addresses", tableOf(l, addresses))
		list[i] = t
	}
	return tableOf(l, list)
}

func figures(c *script.Call, l *lua.LState) int {
	checkType := l.CheckString(1)
	details := make(schedule.Details)
	if t := l.OptTable(2, nil); t != nil {
		t.ForEach(func(key, value lua.LValue) {
			name, ok := key.(lua.LString)
			v, valid := detailValue(value)
			if !ok || !valid {
				l.ArgError(2, fmt.Sprintf("detail %q: want texts, numbers, true or false, by name", shown(key)))
			}
			details[string(name)] = v
		})
	}
	if err := c.Guard.Figures(checkType); err != nil {
		return decline(c, l, err)
	}
	var report collect.Report
	err := c.Blocking(func(ctx context.Context) (err error) {
		report, err = hostOf(c).Figures(ctx, checkType, details)
		return err
	})
	if report.Release != nil {
		defer report.Release()
	}
	switch {
	case err != nil:
		return decline(c, l, err)
	case report.Unavailable:
		return c.Fail(l, fmt.Errorf("%s: %s", checkType, report.Status))
	}
	c.Charge(l, callCost+len(report.Metrics))
	list := make([]lua.LValue, len(report.Metrics))
	for i, m := range report.Metrics {
		list[i] = metricTable(l, m)
	}
	l.Push(tableOf(l, list))
	return 1
}

func detailValue(v lua.LValue) (any, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return float64(v), true
	case lua.LBool:
		return bool(v), true
	}
	return nil, false
}

func metricTable(l *lua.LState, m collect.Metric) *lua.LTable {
	t := l.CreateTable(0, 5)
	t.RawSetString("name", lua.LString(m.Name))
	t.RawSetString("type", lua.LString(string(m.Type)))
	t.RawSetString("value", metricValue(m))
	t.RawSetString("unit", lua.LString(m.Unit))
	t.RawSetString("dimension", lua.LString(m.Dimension))
	return t
}

func metricValue(m collect.Metric) lua.LValue {
	switch m.Type {
	case collect.String:
		return lua.LString(m.Value)
	case collect.Bool:
		return lua.LBool(m.Value == "true")
	}
	if f, err := strconv.ParseFloat(m.Value, 64); err == nil {
		return lua.LNumber(f)
	}
	return lua.LString(m.Value)
}
