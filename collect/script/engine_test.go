package script

import (
	"context"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// run runs a script that consists of one file, with small changes to the options.
func run(t *testing.T, text string, change ...func(*Options)) (collect.Report, error) {
	t.Helper()
	opt := Options{Sources: []Source{MapSource(map[string][]byte{"a.lua": []byte(text)})}}
	for _, f := range change {
		f(&opt)
	}
	types, failed := Types(opt)
	if len(failed) > 0 {
		return collect.Report{}, failed[0]
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	return types[0].Checker.Check(ctx, collect.Request{Check: schedule.Check{Type: "script.a"}})
}

// body is a script whose run has some lines.
func body(lines string) string {
	return "return check { summary = 'a', run = function(details, now, saved)\n" + lines + "\nend }"
}

// logged runs the lines and returns what they logged.
func logged(t *testing.T, lines string) string {
	t.Helper()
	var log []string
	_, err := run(t, body(lines), func(o *Options) { o.Log = func(line string) { log = append(log, line) } })
	if err != nil {
		log = append(log, "error: "+err.Error())
	}
	return strings.Join(log, "|")
}

func TestHello(t *testing.T) {
	report, err := run(t, body(`metric("age", "double", 12.5, "seconds", "disk") status("fine") save { last = now }`))
	if err != nil || report.Unavailable || report.Status != "fine" || len(report.Metrics) != 1 || report.Metrics[0].Value != "12.5" ||
		!strings.HasPrefix(string(report.Sample), `{"last":`) {
		t.Errorf("%+v %v", report, err)
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{`local n = 0 local function inc() n = n + 1 end
			log(pcall(error, "x")) inc() pcall(function() inc() error("y") end) inc() log(n)`, "false\tx|3"},
		{`log(pcall(error))`, "false\tnil"},
		{`log(xpcall(function() error("a", 0) end, function(e) return e .. "!" end))`, "false\ta!"},
		{`local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) log(co(1), co(5))`, "2\t10"},
		{`local co = coroutine.create(function(...) return coroutine.yield(...) end)
			log(coroutine.resume(co, 1, 2)) log(coroutine.status(co)) log(coroutine.resume(co, 3)) log(coroutine.status(co)) log(coroutine.resume(co))`,
			"true\t1\t2|suspended|true\t3|dead|false\tcannot resume dead coroutine"},
		{`for i in coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end) do log(i) end`, "1|2|3"},
		{`log(pcall(coroutine.yield))`, "false\tattempt to yield outside of a coroutine or across pcall"},
		{`log(coroutine.resume(coroutine.create(function() error("in") end)))`, "false\ta.lua:2: in"},
		{`log(pcall(coroutine.wrap(function() error({}) end)) == false)`, "true"},
		{`log(select("#", 1, nil, nil), select(2, "a", "b", "c")) log(select(-1, "a", "b"))`, "3\tb\tc|b"},
		{`log(tonumber("0x10"), tonumber(" 12 "), tonumber("1e3"), tonumber("z", 36), tonumber("1_0"), tonumber("inf"), tonumber("8", 8), tonumber(""))`,
			"16\t12\t1000\t35\tnil\tnil\tnil\tnil"},
		{`local t = {3, 1, 2} table.sort(t) log(table.concat(t, ",")) table.sort(t, function(a, b) return a > b end) log(unpack(t))`, "1,2,3|3\t2\t1"},
		{`log(("abc"):upper(), #"abc", ("x"):rep(3), ("abc"):sub(-2), ("abc"):byte(1, -1))`, "ABC\t3\txxx\tbc\t97\t98\t99"},
		{`local t = {} t[#t+1] = "a" table.insert(t, "b") table.insert(t, 1, "c") log(table.concat(t), table.remove(t), #t)`, "cab\tb\t2"},
		{`for k, v in pairs({a=1}) do log(k, v) end for i, v in ipairs({"x", "y", nil, "z"}) do log(i, v) end`, "a\t1|1\tx|2\ty"},
		{`log(type(os), type(io), type(debug), type(load), type(loadstring), type(dofile), type(getfenv), type(setfenv), type(newproxy), type(collectgarbage), type(_G), type(string.dump), type(module), type(package), type(channel), type(_printregs))`,
			strings.TrimSuffix(strings.Repeat("nil\t", 16), "\t")},
		{`log(math.huge == 1/0, math.floor(2.5), math.max(1, 3, 2))`, "true\t2\t3"},
		{`local f = setmetatable({}, {__index = function(t, k) return k .. "!" end, __call = function(self, a) return a end}) log(f.x, f(7))`, "x!\t7"},
		{`local function f() error("deep") end f()`, "error: a.lua:2: deep"},
		{`local function f() return nil + 1 end f()`, "error: a.lua:2: cannot perform add operation between nil and number"},
		{`local t = {} t.x.y = 1`, `error: a.lua:2: attempt to index a nil value with the key "y"`},
		{`string.foo("x")`, `error: a.lua:2: attempt to call "foo", which is no function`},
		{`local s = "x" return s:foo():bar()`, `error: a.lua:2: attempt to call what is no function`},
		{`return #nil`, `error: a.lua:2: attempt to get the length of what has none`},
		{`log(pcall(function() metrik("a") end))`, "false\ta.lua:2: attempt to call \"metrik\", which is no function"},
		{`error({message = "from a table"})`, "error: a.lua: from a table"},
	} {
		if got := logged(t, c.lines); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.lines, got, c.want)
		}
	}
}
