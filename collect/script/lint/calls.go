package lint

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"virgo/collect"
	"virgo/collect/script"
	"virgo/schedule/capability"
)

// call checks one call: that its function exists, the number of its arguments, and what it uses.
func (w *walker) call(e *ast.FuncCallExpr) {
	if e.Func != nil {
		w.expr(e.Func)
	} else {
		w.expr(e.Receiver)
	}
	w.exprs(e.Args)
	full, f, ok := w.documented(e)
	if !ok {
		return
	}
	w.arguments(e, full, f)
	switch full {
	case "metric":
		w.metric(e)
	case "require":
		w.require(e)
	}
	if f.Needs != "" {
		w.capability(e, full, f.Needs)
	}
}

// documented returns the documented function that is called, with its full name.
func (w *walker) documented(e *ast.FuncCallExpr) (name string, f script.Function, ok bool) {
	switch callee := e.Func.(type) {
	case *ast.IdentExpr:
		if _, local := w.lookup(callee.Value); local {
			return "", f, false
		}
		f, ok = w.known.globals[callee.Value]
		return callee.Value, f, ok
	case *ast.AttrGetExpr:
		object, isName := callee.Object.(*ast.IdentExpr)
		key, constant := callee.Key.(*ast.StringExpr)
		if !isName || !constant {
			return "", f, false
		}
		if _, local := w.lookup(object.Value); local {
			return "", f, false
		}
		f, ok = w.known.modules[object.Value][key.Value]
		return object.Value + "." + key.Value, f, ok
	}
	return "", f, false
}

func (w *walker) arguments(e *ast.FuncCallExpr, name string, f script.Function) {
	n := len(e.Args)
	open := false // the last argument may be several, or none
	if n > 0 {
		switch e.Args[n-1].(type) {
		case *ast.FuncCallExpr, *ast.Comma3Expr:
			open = true
			n--
		}
	}
	switch {
	case n < f.MinArgs && !open:
		w.fatal(e.Line(), "%s needs %s, not %d: %s", name, plural(f.MinArgs, "argument"), n, f.Signature)
	case f.MaxArgs >= 0 && n > f.MaxArgs:
		w.fatal(e.Line(), "%s takes at most %s, not %d: %s",
			name, plural(f.MaxArgs, "argument"), len(e.Args), f.Signature)
	}
}

func metricTypes() []string {
	var types []string
	for _, t := range []collect.MetricType{
		collect.String, collect.Gauge, collect.Int32, collect.Uint32,
		collect.Int64, collect.Uint64, collect.Double, collect.Bool,
	} {
		types = append(types, string(t))
	}
	return types
}

func (w *walker) metric(e *ast.FuncCallExpr) {
	if len(e.Args) < 2 {
		return
	}
	if typ, ok := w.text(e.Args[1]); ok && !slices.Contains(metricTypes(), typ) {
		w.fatal(e.Line(), "unknown type of a metric %q%s", typ, suggestion(typ, metricTypes()))
	}
}

// require takes a library of the same folder or bundle, or a module that is there anyway.
func (w *walker) require(e *ast.FuncCallExpr) {
	if len(e.Args) != 1 {
		return
	}
	name, ok := w.text(e.Args[0])
	if !ok {
		return
	}
	if _, module := w.known.modules[name]; module {
		return
	}
	file := strings.ReplaceAll(name, ".", "/") + ".lua"
	if _, ok := w.others[file]; !ok {
		w.fatal(e.Line(), "require %q: there is no file %q beside the script", name, file)
	}
}

// capability compares what a call uses with what the script declares.
func (w *walker) capability(e *ast.FuncCallExpr, name string, kind capability.Kind) {
	if w.declared == nil || !w.declared.known {
		return // a library is used by scripts that declare
	}
	value, constant := w.used(e, kind)
	if constant {
		kind, value = socketOf(kind, value)
	}
	declared, ok := w.declared.needs[kind]
	if !ok && !constant && kind == capability.HTTP { // it may be a URL over a Unix socket
		declared, ok = w.declared.needs[capability.Unix]
	}
	switch {
	case !ok || len(declared.patterns) == 0 && declared.complete:
		if constant {
			w.fatal(e.Line(), "%s uses %s %q, and needs declares no %s: needs = { %s = { %q } }",
				name, kind, value, kind, kind, value)
		} else {
			w.fatal(e.Line(), "%s uses %s, and needs declares none", name, kind)
		}
	case constant && declared.complete && !Declares(kind, declared.patterns, value):
		w.fatal(e.Line(), "%s uses %s %q, which needs does not declare", name, kind, value)
	}
}

// used returns the constant text that a call hands to the guard.
func (w *walker) used(e *ast.FuncCallExpr, kind capability.Kind) (string, bool) {
	if len(e.Args) == 0 {
		return "", false
	}
	if kind == capability.TCP || kind == capability.UDP {
		if len(e.Args) < 2 {
			return "", false
		}
		host, ok := w.text(e.Args[0])
		port, ok2 := w.text(e.Args[1])
		return host + ":" + port, ok && ok2
	}
	if t := w.table(e.Args[0]); t != nil && kind == capability.HTTP {
		return w.text(w.fields(t)["url"])
	}
	return w.text(e.Args[0])
}

// socketOf returns the Unix socket of a URL http://unix:/SOCKET:/PATH.
func socketOf(kind capability.Kind, value string) (capability.Kind, string) {
	if rest, ok := strings.CutPrefix(value, "http://unix:"); ok && kind == capability.HTTP {
		socket, _, _ := strings.Cut(rest, ":")
		return capability.Unix, socket
	}
	return kind, value
}
