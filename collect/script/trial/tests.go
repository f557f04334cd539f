package trial

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/collect/script"
)

// A Result is that of one test, or of a file that has none.
type Result struct {
	File   string  `json:"file"`
	Name   string  `json:"name,omitempty"`
	Line   int     `json:"line,omitempty"` // of the failure
	Fault  string  `json:"fault,omitempty"`
	TookMS float64 `json:"took_ms"`
	// Metrics are those of all runs of the test; for documentation.
	Metrics []collect.Metric `json:"-"`
}

// maxTestTime bounds one test file; its scripts are bounded besides.
const maxTestTime = 60 * time.Second

// Run runs the tests of one file whose names fit, and passes each result on. The options are
// those of the scripts.
func (f Folder) Run(ctx context.Context, file string, names *regexp.Regexp, opt script.Options, result func(Result)) {
	opt.Guard = declaredGuard
	ctx, cancel := context.WithTimeout(ctx, maxTestTime)
	defer cancel()
	tests, l, err := f.load(ctx, file)
	if l != nil {
		defer l.Close()
	}
	if err != nil {
		line, text := place(err)
		result(Result{File: file, Line: line, Fault: text})
		return
	}
	for _, test := range tests {
		if names != nil && !names.MatchString(test.name) {
			continue
		}
		started := time.Now()
		r := Result{File: file, Name: test.name}
		t := &trialOf{ctx: ctx, folder: f, script: strings.TrimSuffix(file, testSuffix), opt: opt}
		l.SetTop(0)
		if err := l.CallByParam(lua.P{Fn: test.function, Protect: true}, t.object(l)); err != nil {
			r.Line, r.Fault = place(err)
		} else if t.runs == 0 {
			r.Line, r.Fault = test.function.Proto.LineDefined, "the test does not call t:run"
		}
		r.Metrics = t.metricsOfAll
		r.TookMS = float64(time.Since(started).Microseconds()) / 1000
		result(r)
	}
}

type namedTest struct {
	name     string
	function *lua.LFunction
}

// load evaluates a file of tests in a state that has the functions of Lua alone.
func (f Folder) load(ctx context.Context, file string) ([]namedTest, *lua.LState, error) {
	l := newTestState(ctx)
	var tests []namedTest
	var wrong error
	l.SetGlobal("tests", l.NewFunction(func(l *lua.LState) int {
		l.CheckTable(1).ForEach(func(k, v lua.LValue) {
			function, ok := v.(*lua.LFunction)
			name, isText := k.(lua.LString)
			if !ok || !isText || function.Proto == nil {
				wrong = errors.New(`tests wants ["name of the test"] = function(t) … end`)
				return
			}
			tests = append(tests, namedTest{string(name), function})
		})
		l.Push(lua.LTrue)
		return 1
	}))
	text := f[file]
	if err := script.CheckSyntax(file, []byte(text)); err != nil {
		return nil, l, err
	}
	chunk, err := l.Load(strings.NewReader(text), file)
	if err != nil {
		return nil, l, err
	}
	if err := l.CallByParam(lua.P{Fn: chunk, Protect: true}); err != nil {
		return nil, l, err
	}
	if wrong == nil && len(tests) == 0 {
		wrong = errors.New(`the file does not return tests { ["name of the test"] = function(t) … end }`)
	}
	slices.SortFunc(tests, func(a, b namedTest) int {
		return a.function.Proto.LineDefined - b.function.Proto.LineDefined
	})
	return tests, l, wrong
}

// newTestState returns a state without files, programs and loaders: a test computes and compares.
func newTestState(ctx context.Context) *lua.LState {
	l := lua.NewState(lua.Options{
		SkipOpenLibs: true, CallStackSize: 200, MinimizeStackMemory: true, RegistryMaxSize: 64 << 10,
	})
	for _, lib := range []struct {
		name string
		open lua.LGFunction
	}{
		{lua.BaseLibName, lua.OpenBase}, {lua.TabLibName, lua.OpenTable},
		{lua.StringLibName, lua.OpenString}, {lua.MathLibName, lua.OpenMath},
	} {
		l.Push(l.NewFunction(lib.open))
		l.Push(lua.LString(lib.name))
		l.Call(1, 0)
	}
	for _, name := range []string{
		"_printregs", "collectgarbage", "dofile", "getfenv", "load", "loadfile", "loadstring", "module",
		"newproxy", "print", "require", "setfenv",
	} {
		l.SetGlobal(name, lua.LNil)
	}
	l.SetContext(ctx)
	return l
}

// place returns line and text of an error of Lua: "x_test.lua:12: what".
func place(err error) (line int, text string) {
	text = err.Error()
	var raised *lua.ApiError
	if errors.As(err, &raised) && raised.Object != nil && raised.Object != lua.LNil {
		text = lua.LVAsString(raised.Object)
	}
	text, _, _ = strings.Cut(text, "\nstack traceback:")
	if m := placePattern().FindStringSubmatch(text); m != nil {
		fmt.Sscan(m[1], &line)
		text = text[len(m[0]):]
	}
	return line, strings.TrimSpace(text)
}

func placePattern() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z0-9_]+\.lua:(\d+):\s*`)
}
