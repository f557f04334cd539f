package script

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect"
	"virgo/schedule/scriptbundle"
)

// Options are what scripts run with.
type Options struct {
	// Sources have the scripts. Where two have one of the same type, the first decides.
	Sources []Source
	// Limits are those of each check; zero: DefaultLimits.
	Limits Limits
	// Guard returns what decides on one check of a script, or an error if it cannot run at all: it
	// needs what the owner grants no script. own: the script is the owner's. nil: there is no
	// guard, and a function of a module that asks for one fails.
	Guard func(s scriptbundle.Script, own bool, req collect.Request) (Guard, error)
	// Modules are those of package api.
	Modules []Module
	// System is what scripts are told apart by that are for some systems only, as GOOS; empty: this
	// one. Tests with captured input are of the system that it was captured on.
	System string
	// Figures and World are for the modules.
	Figures *collect.Registry
	World   World
	// Hung is called when a script is in a function that does not return, with what to tell the
	// owner. No code of Lua can end it: only the process can. nil: it goes on.
	Hung func(e *Error)
	// Log gets the lines that scripts log; nil: nobody does.
	Log func(line string)
	// Trace gets what each check used, also of one that failed; nil: nobody does.
	Trace func(Trace)
}

// A Trace is what one check used.
type Trace struct {
	Type string
	Used Used
	Err  error // of the check
}

// engine is what the checks of a process share.
type engine struct {
	opt    Options
	places *places
}

func newEngine(opt Options) *engine {
	if opt.Limits == (Limits{}) {
		opt.Limits = DefaultLimits()
	}
	return &engine{opt: opt, places: newPlaces(runtime.GOMAXPROCS(0))}
}

func (e *engine) hung(file string) func() {
	if e.opt.Hung == nil {
		return nil
	}
	return func() {
		text := fmt.Sprintf("computed for more than %v in one call of a function", e.opt.Limits.Compute)
		e.opt.Hung(&Error{Kind: KindCompute, File: file, Text: text})
	}
}

// Types evaluates all scripts as far as their declarations, and returns a type of checks for each,
// by name, and an *[Error] for each that cannot be loaded. A broken script stands in the way of one
// of the same type in a later source.
func Types(opt Options) ([]collect.Type, []error) {
	e := newEngine(opt)
	var types []collect.Type
	var failed []error
	for _, p := range e.programs() {
		check, err := e.load(p)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		types = append(types, check.describe())
	}
	return types, failed
}

// LazyTypes returns a type for each script, without details: a script is evaluated when a check of
// it runs first. One that cannot be loaded, whatever it does, so takes only its own checks with it.
func LazyTypes(opt Options) []collect.Type {
	e := newEngine(opt)
	var types []collect.Type
	for _, p := range e.programs() {
		load := sync.OnceValues(func() (*checker, error) { return e.load(p) })
		types = append(types, collect.Type{Name: typeOfFile(p.file), OwnDetails: true, Checker: &lazyChecker{load}})
	}
	return types
}

// lazyChecker loads its script when a check runs first.
type lazyChecker struct {
	load func() (*checker, error)
}

// Check implements [collect.Checker].
func (c *lazyChecker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	loaded, err := c.load()
	if err != nil {
		return collect.Report{}, failed(err)
	}
	return loaded.Check(ctx, req)
}

// Targets implements [collect.Targeter].
func (c *lazyChecker) Targets(ctx context.Context) ([]string, error) {
	loaded, err := c.load()
	if err != nil {
		return nil, failed(err)
	}
	return loaded.Targets(ctx)
}

// programs returns the scripts of all sources, by type.
func (e *engine) programs() []*program {
	var all []*program
	for _, s := range e.opt.Sources {
		c := newChunks(s)
		for _, name := range s.Files() {
			isScript := strings.HasSuffix(name, ".lua") && !strings.HasSuffix(name, scriptbundle.TestSuffix) &&
				!strings.Contains(name, "/")
			same := func(p *program) bool { return p.file == name }
			if isScript && !slices.ContainsFunc(all, same) {
				all = append(all, &program{file: name, chunks: c})
			}
		}
	}
	slices.SortFunc(all, func(a, b *program) int { return strings.Compare(a.file, b.file) })
	return all
}

// load evaluates a script's declaration. One from a bundle must declare what the bundle's manifest says.
func (e *engine) load(p *program) (*checker, error) {
	s, err := e.declare(p)
	if err != nil {
		return nil, err
	}
	if m, ok := p.chunks.source.(interface {
		Declared(file string) (scriptbundle.Script, bool)
	}); ok {
		if told, ok := m.Declared(p.file); !ok || !sameScript(told, s) {
			return nil, &Error{
				Kind: KindLoad, File: p.file, Text: "it declares something else than the bundle's manifest says",
			}
		}
	}
	return &checker{engine: e, program: p, script: s}, nil
}

// checker runs the checks of one script.
type checker struct {
	engine  *engine
	program *program
	script  scriptbundle.Script
}

func (c *checker) describe() collect.Type {
	return collect.Type{
		Name: c.script.Type, Summary: c.script.Summary, Details: c.script.Details,
		KeyMetrics: c.script.KeyMetrics, Checker: c,
	}
}

// Check implements [collect.Checker].
func (c *checker) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if s := c.script.Systems; len(s) > 0 && !slices.Contains(s, cmp.Or(c.engine.opt.System, runtime.GOOS)) {
		return collect.Report{
			Unavailable: true, Status: c.script.Type + " is for " + strings.Join(s, ", ") + " only",
		}, nil
	}
	call, err := c.begin(ctx, req)
	if err != nil {
		return collect.Report{}, err
	}
	err = call.check(c.script, req)
	var ended *unavailableError
	if errors.As(err, &ended) {
		err = nil
	}
	report := collect.Report{Status: call.report.status, Metrics: call.report.metrics, Sample: call.report.saved}
	if ended != nil {
		report = collect.Report{Unavailable: true, Status: ended.text, Sample: call.report.saved}
	}
	c.finish(call, err)
	return report, failed(err)
}

// Targets implements [collect.Targeter].
func (c *checker) Targets(ctx context.Context) ([]string, error) {
	call, err := c.begin(ctx, collect.Request{})
	if err != nil {
		return nil, err
	}
	targets, err := call.targets()
	c.finish(call, err)
	return targets, failed(err)
}

// begin makes the state of a check.
func (c *checker) begin(ctx context.Context, req collect.Request) (*Call, error) {
	opt := c.engine.opt
	call := &Call{
		Details: req.Check.Details, Now: time.Now(), Limits: opt.Limits,
		Figures: opt.Figures, World: opt.World,
		report: &reporter{}, log: &logger{write: opt.Log},
	}
	if req.Now != nil {
		call.Now = req.Now()
	}
	if opt.Guard != nil {
		guard, err := opt.Guard(c.script, c.program.chunks.source.Own(), req)
		if err != nil {
			return nil, err
		}
		call.Guard = guard
	}
	var cancel context.CancelFunc
	call.Ctx, cancel = context.WithTimeout(ctx, opt.Limits.Time)
	call.AtEnd(cancel)
	call.meter = newMeter(call.Ctx, opt.Limits, c.engine.places, c.engine.hung(c.program.file))
	newMachine(call, c.program, opt.Modules)
	return call, nil
}

// finish closes what the check left open, and tells what it used.
func (c *checker) finish(call *Call, err error) {
	call.close()
	if c.engine.opt.Trace != nil {
		c.engine.opt.Trace(Trace{Type: c.script.Type, Used: call.Used(), Err: err})
	}
}

// check runs the script.
func (c *Call) check(s scriptbundle.Script, req collect.Request) error {
	m := c.machine
	if err := m.load(); err != nil {
		return err
	}
	var wrong error
	err := m.guarded(func() {
		var details *lua.LTable
		var saved lua.LValue
		if details, wrong = c.detailValues(m.l, s.Details); wrong != nil {
			return
		}
		if saved, wrong = decodeSaved(c, m.l, req.Previous); wrong != nil {
			return
		}
		m.invoke(m.declared.RawGetString("run"), details, lua.LNumber(float64(c.Now.UnixNano())/1e9), saved)
	})
	if wrong != nil {
		return wrong
	}
	return err
}

// targets runs the script's function targets.
func (c *Call) targets() ([]string, error) {
	m := c.machine
	if err := m.load(); err != nil {
		return nil, err
	}
	f := m.declared.RawGetString("targets")
	if f == lua.LNil {
		return nil, nil
	}
	var results []lua.LValue
	if err := m.guarded(func() { results = m.invoke(f) }); err != nil {
		return nil, err
	}
	if len(results) == 0 {
		return nil, nil
	}
	targets, err := textList("targets", results[0])
	if err == nil && len(targets) > maxTargets {
		err = fmt.Errorf("%d targets; at most %d are allowed", len(targets), maxTargets)
	}
	if err != nil {
		return nil, &Error{Kind: KindError, File: m.source.file, Text: err.Error()}
	}
	return targets, nil
}

// failed returns the error of a script as [collect.FailedError], which tells a run that it is not
// what the script watches that is down. Other errors stay as they are: a refusal, a wrong detail,
// the end of the check's time.
func failed(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &collect.FailedError{Kind: string(e.Kind), Text: e.Error()}
	}
	return err
}
