package script

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
)

func TestEveryInstructionCounts(t *testing.T) {
	t.Parallel()
	for _, lines := range []string{
		`for i = 1, 1000 do end`,
		`pcall(function() for i = 1, 1000 do end end)`,
		`local co = coroutine.wrap(function() for i = 1, 1000 do coroutine.yield() end end) for i = 1, 1000 do co() end`,
		`for i = 1, 1000 do coroutine.wrap(function() end)() end`,
		`for i = 1, 1000 do pcall(error) end`,
		`for i = 1, 1000 do pcall(coroutine.wrap(function() error("x") end)) end`,
		`local t = setmetatable({}, { __index = function() return 1 end }) for i = 1, 1000 do local x = t.x end`,
		`table.sort({ 1, 2, 3 }, function() for i = 1, 1000 do end end)`,
		`("x"):gsub("x", function() for i = 1, 1000 do end end)`,
		`local s = ("x"):rep(16 * 1000)`,
		`local _ = ("x"):rep(16 * 500):upper()`,
		`(("x"):rep(1000)):find("y*$", 1)`,
	} {
		var used int64
		_, err := run(t, body(lines), func(o *Options) { o.Trace = func(tr Trace) { used = tr.Used.Instructions } })
		if err != nil || used < 1000 {
			t.Errorf("%s: %d instructions, %v", lines, used, err)
		}
		_, err = run(t, body(lines), func(o *Options) { o.Limits = DefaultLimits(); o.Limits.Instructions = 900 })
		if err == nil || !strings.Contains(err.Error(), "needed more than 900 instructions") {
			t.Errorf("%s: %v", lines, err)
		}
	}
}

func TestClockStandsStillWhileBlocked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		wait := Module{Name: "wait", Functions: []Function{{Name: "long", Call: func(c *Call, l *lua.LState) int {
			err := c.Blocking(func(ctx context.Context) error {
				select {
				case <-time.After(10 * time.Second):
				case <-ctx.Done():
				}
				return ctx.Err()
			})
			if err != nil {
				return c.Fail(l, err)
			}
			return 0
		}}}}
		var hung string
		opt := Options{Modules: []Module{wait}, Hung: func(e *Error) { hung = e.Error() }}
		opt.Sources = oneFile(body(`wait.long() for i = 1, 1000 do end status("waited")`)).Sources
		report, err := LazyTypes(opt)[0].Checker.Check(t.Context(), collect.Request{})
		if err != nil || report.Status != "waited" || hung != "" {
			t.Error(report, err, hung)
		}
		opt.Sources = oneFile(body(`while true do pcall(wait.long) end`)).Sources
		start := time.Now()
		if _, err := LazyTypes(opt)[0].Checker.Check(t.Context(), collect.Request{}); err != context.DeadlineExceeded || time.Since(start) != opt.limits().Time {
			t.Error(err, time.Since(start))
		}
	})
}

// limits are those that the checks have.
func (o Options) limits() Limits { return newEngine(o).opt.Limits }

func TestHungFunctionIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan *Error, 1)
		hang := Module{Name: "hang", Functions: []Function{{Name: "now", Call: func(*Call, *lua.LState) int {
			time.Sleep(time.Minute) // of the bubble's clock
			return 0
		}}}}
		opt := oneFile(body(`hang.now()`))
		opt.Modules, opt.Hung = []Module{hang}, func(e *Error) { told <- e }
		if _, err := LazyTypes(opt)[0].Checker.Check(t.Context(), collect.Request{}); err != nil {
			t.Error(err)
		}
		if e := <-told; e.Kind != KindCompute || e.Error() != "a.lua: computed for more than 3s in one call of a function" {
			t.Error(e)
		}
	})
}

// A script that computes long lets one that needs little go first.
func TestLongScriptsTakeTurns(t *testing.T) {
	files := map[string][]byte{"short.lua": []byte(body(`for i = 1, 1000 do end`))}
	n := runtime.GOMAXPROCS(0)
	for i := range n {
		files[fmt.Sprintf("long%d.lua", i)] = []byte(body(`log("begun") while true do end`))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	limits := DefaultLimits()
	limits.Instructions, limits.Compute = 1<<50, time.Minute
	var running, begun sync.WaitGroup
	begun.Add(n)
	opt := Options{Sources: []Source{MapSource(files)}, Limits: limits, Log: func(string) { begun.Done() }}
	for _, typ := range LazyTypes(opt) {
		running.Go(func() {
			if strings.HasPrefix(typ.Name, "script.long") {
				typ.Checker.Check(ctx, collect.Request{})
				return
			}
			begun.Wait()
			if _, err := typ.Checker.Check(ctx, collect.Request{}); err != nil {
				t.Error(err)
			}
			cancel()
		})
	}
	running.Wait()
}

func TestChecksShareNothing(t *testing.T) {
	t.Parallel()
	opt := oneFile("count = 0\nlocal m = require 'lib.m'\n" + body(`count = count + 1 m.count = m.count + 1 string.upper = nil table.insert = nil
		status(count .. " " .. m.count .. " " .. tostring(math.random() >= 0))`))
	opt.Sources = []Source{MapSource(map[string][]byte{"a.lua": opt.Sources[0].(mapSource)["a.lua"], "lib/m.lua": []byte("return { count = 0 }")})}
	checker := LazyTypes(opt)[0].Checker
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			for range 20 {
				if report, err := checker.Check(t.Context(), collect.Request{}); err != nil || report.Status != "1 1 true" {
					t.Error(report, err)
				}
			}
		})
	}
	running.Wait()
}

func BenchmarkInstructions(b *testing.B) {
	for name, lines := range map[string]string{
		"loop": `for i = 1, 1e6 do end`, "calls": `local function f(n) if n < 2 then return n end return f(n - 1) + f(n - 2) end f(23)`,
		"texts": `local n = 0 for i = 1, 1e5 do n = n + #("x" .. i) end`, "tables": `for i = 1, 1e5 do local t = { i, k = i } end`,
	} {
		b.Run(name, func(b *testing.B) {
			var used int64
			opt := oneFile(body(lines))
			opt.Trace = func(tr Trace) { used += tr.Used.Instructions }
			checker := LazyTypes(opt)[0].Checker
			for b.Loop() {
				if _, err := checker.Check(b.Context(), collect.Request{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(used)/b.Elapsed().Seconds()/1e6, "Minstr/s")
		})
	}
}

func BenchmarkEmptyCheck(b *testing.B) {
	checker := LazyTypes(oneFile(body("")))[0].Checker
	for b.Loop() {
		if _, err := checker.Check(b.Context(), collect.Request{}); err != nil {
			b.Fatal(err)
		}
	}
}
