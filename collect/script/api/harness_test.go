package api

import (
	"context"
	"net"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule"
	"virgo/schedule/capability"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// run runs code as a script whose guard is g and returns what the code returns, in one text.
func run(t testing.TB, g script.Guard, code string, change ...func(*script.Options)) (string, error) {
	t.Helper()
	var got string
	probe := script.Module{Name: "probe", Functions: []script.Function{{Name: "returned", MaxArgs: -1, Call: func(_ *script.Call, l *lua.LState) int {
		got = results(l)
		return 0
	}}}}
	text := "return check { summary = 'a', run = function(details, now, saved) local function code() " + code + "\nend probe.returned(code()) end }"
	opt := script.Options{
		Limits:  withoutClock(),
		Sources: []script.Source{script.MapSource(map[string][]byte{"a.lua": []byte(text)})},
		Modules: append(Modules(), probe),
		Guard:   func(scriptbundle.Script, bool, collect.Request) (script.Guard, error) { return g, nil },
	}
	for _, f := range change {
		f(&opt)
	}
	types, failed := script.Types(opt)
	if len(failed) > 0 {
		return "", failed[0]
	}
	now := func() time.Time { return time.Unix(1_700_000_000, 0) }
	_, err := types[0].Checker.Check(t.Context(), collect.Request{Check: schedule.Check{Type: "script.a"}, Now: now})
	return got, err
}

// withoutClock returns limits whose result does not depend on how fast the machine is.
func withoutClock() script.Limits {
	l := script.DefaultLimits()
	l.Compute, l.Time = time.Hour, time.Hour
	return l
}

// results returns what is on the stack.
func results(l *lua.LState) string {
	var values []string
	for i := 1; i <= l.GetTop(); i++ {
		values = append(values, show(l.Get(i), 0))
	}
	return strings.Join(values, " | ")
}

// show writes a value, with the keys of tables sorted.
func show(v lua.LValue, depth int) string {
	t, ok := v.(*lua.LTable)
	if !ok || depth > 5 {
		if f, ok := v.(*lua.LFunction); ok {
			return f.Type().String()
		}
		if u, ok := v.(*lua.LUserData); ok && u.Metatable != lua.LNil {
			return "<userdata>"
		}
		return v.String()
	}
	var parts []string
	n := t.Len()
	for i := 1; i <= n; i++ {
		parts = append(parts, show(t.RawGetInt(i), depth+1))
	}
	var named []string
	t.ForEach(func(k, v lua.LValue) {
		if i, ok := k.(lua.LNumber); !ok || int(i) < 1 || int(i) > n {
			named = append(named, k.String()+"="+show(v, depth+1))
		}
	})
	slices.Sort(named)
	return "{" + strings.Join(append(parts, named...), " ") + "}"
}

// A row is one piece of code with what it returns, or the error that it raises.
type row struct{ code, want, raises string }

func runRows(t *testing.T, g script.Guard, rows []row, change ...func(*script.Options)) {
	t.Helper()
	for _, r := range rows {
		got, err := run(t, g, r.code, change...)
		switch {
		case r.raises != "":
			if err == nil || !strings.Contains(err.Error(), r.raises) {
				t.Errorf("%s\n returned %s, %v; want the error %q", r.code, got, err, r.raises)
			}
		case err != nil || got != r.want:
			t.Errorf("%s\n returned %s, %v\n want     %s", r.code, got, err, r.want)
		}
	}
}

// allowing is a guard that allows what is in its lists; an entry that ends in * allows what begins so. It keeps what it
// was asked.
type allowing struct {
	list  []string
	asked []string
	// opened, if set, decides on an opened file.
	opened func(f *os.File) error
}

func (g *allowing) decide(what string) error {
	g.asked = append(g.asked, what)
	for _, p := range g.list {
		if prefix, ok := strings.CutSuffix(p, "*"); p == what || ok && strings.HasPrefix(what, prefix) {
			return nil
		}
	}
	kind, pattern, _ := strings.Cut(what, " ")
	return &policy.UndeclaredError{Script: "script.test", Need: capability.Need{Kind: capability.Kind(kind), Pattern: pattern}}
}

func (g *allowing) File(p string) (string, error) {
	resolved, err := resolved(p)
	if err != nil {
		return "", err
	}
	return resolved, g.decide("files " + resolved)
}

func (g *allowing) Opened(f *os.File) error {
	if g.opened != nil {
		return g.opened(f)
	}
	return nil
}
func (g *allowing) Program(name string) error { return g.decide("programs " + name) }
func (g *allowing) Unix(p string) error       { return g.decide("unix " + p) }
func (g *allowing) URL(u *url.URL) error      { return g.decide("http " + u.String()) }
func (g *allowing) Name(dns string) error     { return g.decide("dns " + dns) }
func (g *allowing) Figures(typ string) error  { return g.decide("figures " + typ) }
func (g *allowing) Connect(network, host, port string) error {
	return g.decide(network + " " + net.JoinHostPort(host, port))
}
func (g *allowing) Control(network, host string) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, network, address string, _ syscall.RawConn) error {
		if network == "unix" {
			return g.decide("unix " + address)
		}
		return g.decide("address " + address)
	}
}

// resolved follows the links of the part of a path that exists.
func resolved(p string) (string, error) {
	p = path.Clean(p)
	rest := ""
	for {
		got, err := filepath.EvalSymlinks(p)
		if err == nil {
			return path.Join(got, rest), nil
		}
		if p == "/" || p == "." {
			return "", err
		}
		p, rest = path.Dir(p), path.Join(path.Base(p), rest)
	}
}
