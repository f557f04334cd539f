package script

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
	"virgo/schedule/scriptbundle"
)

// checkWith runs script.a with details and what the last run saved.
func checkWith(t *testing.T, opt Options, d schedule.Details, previous string) (collect.Report, error) {
	t.Helper()
	types, failed := Types(opt)
	if len(failed) > 0 {
		t.Fatal(failed)
	}
	req := collect.Request{Check: schedule.Check{Type: "script.a", Details: d}, Previous: []byte(previous)}
	return types[0].Checker.Check(t.Context(), req)
}

func oneFile(text string) Options {
	return Options{Sources: []Source{MapSource(map[string][]byte{"a.lua": []byte(text)})}}
}

func TestDetailsAreValuesOfTheirKind(t *testing.T) {
	opt := oneFile(`return check { summary = "a", details = {
		flag = { kind = "boolean", default = true }, warn = { kind = "number", default = 80.5 }, n = { kind = "integer" }, wait = { kind = "seconds", default = "2m" },
		ms = { kind = "milliseconds" }, tags = { kind = "list", default = { "x", "y" } }, map = { kind = "object" }, mode = { kind = "choice", choices = { "fast" } },
		text = { default = "t" }, need = { required = true },
	}, run = function(d)
		status(table.concat({ tostring(d.flag), d.warn + 1, d.n + 1, d.wait, d.ms, #d.tags, d.tags[1], d.map.k, d.mode, d.text, tostring(d.none) }, " "))
	end }`)
	given := schedule.Details{"need": "x", "n": json.Number("4"), "ms": "1.5s", "map": map[string]any{"k": "v"}, "mode": "FAST"}
	report, err := checkWith(t, opt, given, "")
	if want := "true 81.5 5 120 1500 2 x v fast t nil"; err != nil || report.Status != want {
		t.Errorf("%q, %v; want %q", report.Status, err, want)
	}
	var missing *collect.MissingDetailError
	if _, err := checkWith(t, opt, schedule.Details{}, ""); !errors.As(err, &missing) || missing.Key != "need" {
		t.Error(err)
	}
	var wrong *schedule.DetailError
	if _, err := checkWith(t, opt, schedule.Details{"need": "x", "n": "four"}, ""); !errors.As(err, &wrong) || wrong.Key != "n" {
		t.Error(err)
	}
}

func TestSavedComesBack(t *testing.T) {
	opt := oneFile(body(`status(saved and saved.list[2] .. " " .. tostring(saved.flag) .. " " .. saved.n or "nothing") save { list = { "a", "b" }, flag = false, n = 1.5 }`))
	report, err := checkWith(t, opt, nil, "")
	if err != nil || report.Status != "nothing" || string(report.Sample) != `{"flag":false,"list":["a","b"],"n":1.5}` {
		t.Fatalf("%+v %s %v", report, report.Sample, err)
	}
	if report, err = checkWith(t, opt, nil, string(report.Sample)); err != nil || report.Status != "b false 1.5" {
		t.Errorf("%+v %v", report, err)
	}
	if report, err = checkWith(t, opt, nil, "\x00 of another program"); err != nil || report.Status != "nothing" {
		t.Errorf("%+v %v", report, err)
	}
	for lines, want := range map[string]string{
		`save { f = print }`: "save: a function is no data", `save { 0/0 }`: "save: a number that is nan", `save { "\255" }`: "save: a text that is not UTF-8",
		`local t = {} t.t = t save(t)`: "save: tables nested more than 8 deep", `save { 1, a = 2 }`: "neither a list", `save { [1.5] = 2 }`: "neither a list",
	} {
		if _, err := checkWith(t, oneFile(body(lines)), nil, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", lines, err, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	report, err := run(t, body(`metric("a", "double", 1e21) metric("b", "int64", "12") metric("c", "bool", true) metric("d", "string", 5) metric("e", "gauge", 3, "bytes", "/")`))
	want := []collect.Metric{{Name: "a", Type: "double", Value: "1000000000000000000000"}, {Name: "b", Type: "int64", Value: "12"}, {Name: "c", Type: "bool", Value: "true"},
		{Name: "d", Type: "string", Value: "5"}, {Name: "e", Type: "gauge", Value: "3", Unit: "bytes", Dimension: "/"}}
	for i, m := range report.Metrics {
		if m != want[i] || !m.Valid() {
			t.Errorf("%+v, want %+v", m, want[i])
		}
	}
	if err != nil || len(report.Metrics) != len(want) {
		t.Error(report, err)
	}
	for lines, want := range map[string]string{
		`metric("a", "int64", 1.5)`: `metric "a": "1.5" is no int64`, `metric("a", "uint32", -1)`: `"-1" is no uint32`, `metric("a", "double", true)`: `"true" is no double`,
		`metric("a", "double", {})`: "is no double", `metric("", "double", 1)`: "metric without a name", `metric("a", "flaot", 1)`: `unknown type "flaot"`,
		`metric("a")`: "a.lua:2: metric got 1 argument: metric(name, type, value [, unit [, dimension]])",
	} {
		if _, err := run(t, body(lines)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", lines, err, want)
		}
	}
}

func TestLibraries(t *testing.T) {
	files := map[string][]byte{
		"a.lua":         []byte("local m = require 'lib.m'\nreturn check { summary = 'a', run = function() status(m.twice(4) .. (require 'lib.m' == m and ' same' or ' other')) end }"),
		"b.lua":         []byte("require 'lib.ring'\nreturn check { summary = 'b', run = function() end }"),
		"c.lua":         []byte("require 'lib.none'"),
		"d.lua":         []byte("return check { summary = 'd', run = function() require('lib.bad') end }"),
		"a_test.lua":    []byte("no script"),
		"lib/m.lua":     []byte("local m = {}\nfunction m.twice(n) return 2 * n end\nreturn m"),
		"lib/ring.lua":  []byte("require 'lib.ring'"),
		"lib/bad.lua":   []byte("\nerror('in the library')"),
		"lib/other.txt": nil,
	}
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []Source{MapSource(files), DirSource(dir, nil)} {
		types, failed := Types(Options{Sources: []Source{s}})
		if len(types) != 2 || types[0].Name != "script.a" || types[1].Name != "script.d" || len(failed) != 2 ||
			!strings.Contains(failed[0].Error(), `lib/ring.lua:1: "lib.ring" requires itself`) || !strings.Contains(failed[1].Error(), "lib/none.lua") {
			t.Fatal(types, failed)
		}
		if report, err := types[0].Checker.Check(t.Context(), collect.Request{}); err != nil || report.Status != "8 same" {
			t.Error(report, err)
		}
		if _, err := types[1].Checker.Check(t.Context(), collect.Request{}); err == nil || err.Error() != "lib/bad.lua:2: in the library" {
			t.Error(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "My-Check.lua"), []byte(body("")), 0o644); err != nil {
		t.Fatal(err)
	}
	if types, failed := Types(Options{Sources: []Source{DirSource(dir, nil)}}); len(types) != 2 || len(failed) != 3 || !strings.HasPrefix(failed[0].Error(), "My-Check.lua: ") {
		t.Error(types, failed)
	}
	if err := os.Remove(filepath.Join(dir, "My-Check.lua")); err != nil {
		t.Fatal(err)
	}
	refuse := DirSource(dir, func(path string) error { return errors.New("writable by others: " + filepath.Base(path)) })
	if types, failed := Types(Options{Sources: []Source{refuse}}); len(types) != 0 || len(failed) != 4 || !strings.Contains(failed[0].Error(), "writable by others: a.lua") {
		t.Error(types, failed)
	}
}

// The owner's file decides, also where it is broken: what the bundle has instead is not what the owner wanted.
func TestFirstSourceDecides(t *testing.T) {
	own := MapSource(map[string][]byte{"a.lua": []byte(body("status('own')")), "b.lua": []byte("broken")})
	other := MapSource(map[string][]byte{"a.lua": []byte(body("status('other')")), "b.lua": []byte(body("")), "c.lua": []byte(body("status('third')"))})
	types, failed := Types(Options{Sources: []Source{own, other}})
	if len(types) != 2 || len(failed) != 1 {
		t.Fatal(types, failed)
	}
	for i, want := range []string{"own", "third"} {
		if report, err := types[i].Checker.Check(t.Context(), collect.Request{}); err != nil || report.Status != want {
			t.Error(report, err)
		}
	}
}

func TestTargets(t *testing.T) {
	targeter := func(text string) collect.Targeter {
		return LazyTypes(oneFile(text))[0].Checker.(collect.Targeter)
	}
	got, err := targeter(`return check { summary = "a", run = function() end, targets = function() return { "x", "y" } end }`).Targets(t.Context())
	if err != nil || strings.Join(got, " ") != "x y" {
		t.Error(got, err)
	}
	if got, err := targeter(body("")).Targets(t.Context()); err != nil || got != nil {
		t.Error(got, err)
	}
	if _, err := targeter(`return check { summary = "a", run = function() end, targets = function() return { {} } end }`).Targets(t.Context()); err == nil {
		t.Error("a table is a target")
	}
}

func TestErrorsTellWhatFailed(t *testing.T) {
	var failed *collect.FailedError
	if _, err := run(t, body(`error("x")`)); !errors.As(err, &failed) || failed.Kind != string(KindError) || failed.Text != "a.lua:2: x" {
		t.Error(err)
	}
	refused := &policy.RefusedError{Type: "script.a"}
	module := Module{Name: "outside", Functions: []Function{
		{Name: "refuse", Call: func(c *Call, l *lua.LState) int { return c.Refuse(l, refused) }},
		{Name: "fail", Call: func(c *Call, l *lua.LState) int { return c.Fail(l, errors.New("not there")) }},
		{Name: "panic", Call: func(*Call, *lua.LState) int { var none *Call; return len(none.closers) }},
	}}
	with := func(o *Options) { o.Modules = []Module{module} }
	for _, lines := range []string{`outside.refuse()`, `pcall(outside.refuse) log("goes on")`, `pcall(outside.refuse) while true do end`,
		`coroutine.wrap(function() pcall(outside.refuse) end)()`, `pcall(error, pcall(outside.refuse))`} {
		var got *policy.RefusedError
		if _, err := run(t, body(lines), with); !errors.As(err, &got) {
			t.Errorf("%s: %v is no refusal", lines, err)
		}
	}
	report, err := run(t, body(`local v, message = outside.fail() status(tostring(v) .. " " .. message)`), with)
	if err != nil || report.Status != "nil not there" {
		t.Error(report, err)
	}
	if _, err := run(t, body(`outside.panic()`), with); err == nil || !strings.Contains(err.Error(), "a.lua: internal error: runtime error") {
		t.Error(err)
	}
	if _, err := run(t, "outside.fail()\n"+body(""), with); err == nil || err.Error() != "a.lua:1: outside.fail can be used in run only, not while the file is loaded" {
		t.Error(err)
	}
	if _, err := run(t, "local f = outside.fail\n"+body("f()"), with); err != nil {
		t.Error(err)
	}
}

func TestTraceback(t *testing.T) {
	var trace Trace
	_, err := run(t, "local function inner()\n error('x')\nend\nlocal function outer()\n inner()\nend\n"+body("outer()"), func(o *Options) { o.Trace = func(got Trace) { trace = got } })
	var e *Error
	if err == nil || !errors.As(trace.Err, &e) || e.Line != 2 || !strings.HasPrefix(e.Traceback, "a.lua:2: in inner\na.lua:5: in outer\na.lua:8: in ") || trace.Used.Instructions == 0 {
		t.Errorf("%v %+v", err, e)
	}
}

func TestScriptsOfABundleAreThoseOfItsManifest(t *testing.T) {
	files := map[string][]byte{"a.lua": []byte(body("status('of a bundle')"))}
	declared, err := Declare("a.lua", files["a.lua"], Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, summary := range []string{"a", "another"} {
		declared.Summary = summary
		raw, err := scriptbundle.Build(scriptbundle.Manifest{Name: "standard", Version: "1.0.0", Scripts: []scriptbundle.Script{declared}}, files)
		if err != nil {
			t.Fatal(err)
		}
		bundle, err := scriptbundle.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		types, failed := Types(Options{Sources: []Source{BundleSource(bundle)}})
		if summary == "a" {
			if len(failed) > 0 || len(types) != 1 {
				t.Error(types, failed)
			}
		} else if len(failed) != 1 || !strings.Contains(failed[0].Error(), "it declares something else than the bundle's manifest says") {
			t.Error(types, failed)
		}
	}
}

// Data that is too large is not encoded before it is refused: it would take the memory of all checks.
func TestLongDataIsNotEncoded(t *testing.T) {
	list := &lua.LTable{Metatable: lua.LNil}
	for range 100 {
		list.Append(lua.LString("0123456789"))
	}
	f := fromLua{most: maxSavedDepth, mostBytes: 25}
	if text, err := f.encode(list); err != errTooLong || text != "" || f.bytes != 30 {
		t.Errorf("%q, %v after %d bytes", text, err, f.bytes)
	}
}

func TestSystems(t *testing.T) {
	report, err := run(t, `return check { summary = "a", systems = { "plan9" }, run = function() error("runs") end }`)
	if err != nil || !report.Unavailable || report.Status != "script.a is for plan9 only" {
		t.Error(report, err)
	}
}

func TestValuesOfGo(t *testing.T) {
	c := &Call{Limits: DefaultLimits()}
	l := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer l.Close()
	data := map[string]any{"list": []any{"a", 1.5, true, nil}, "map": map[string]any{"k": json.Number("7")}, "texts": []string{"x"}}
	v, err := c.fromGo(l, data)
	if err != nil {
		t.Fatal(err)
	}
	back, err := encode(v)
	if err != nil || back != `{"list":["a",1.5,true],"map":{"k":7},"texts":["x"]}` {
		t.Errorf("%s %v", back, err)
	}
	var deep any = "x"
	for range maxValueDepth + 2 {
		deep = []any{deep}
	}
	for _, wrong := range []any{deep, make([]any, maxValues+1), struct{}{}, json.Number("x")} {
		if _, err := c.fromGo(l, wrong); err == nil {
			t.Errorf("%.40v is a value of Lua", wrong)
		}
	}
}

func TestTimeLimit(t *testing.T) {
	opt := oneFile(body(`while true do end`))
	opt.Limits = DefaultLimits()
	opt.Limits.Instructions = 1 << 50
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := LazyTypes(opt)[0].Checker.Check(ctx, collect.Request{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
