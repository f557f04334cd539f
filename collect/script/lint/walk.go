package lint

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"virgo/schedule/shorttext"
)

// A walker visits the syntax tree once.
type walker struct {
	file     string
	known    *index
	others   map[string][]byte
	test     bool // a _test.lua
	findings []Finding
	scope    *scope
	assigned map[string]bool // globals that the script sets itself
	unknown  []*ast.IdentExpr
	declared *declaration // nil: a library or a test
	// details is the function whose first parameter has the details of the check.
	details *ast.FunctionExpr
}

// A scope has the local names of a block; a value is nil if it is not known.
type scope struct {
	names  map[string]ast.Expr
	parent *scope
}

// detailsParam is the value of the name by which run knows the details.
type detailsParam struct{ ast.NilExpr }

func (w *walker) lookup(name string) (value ast.Expr, local bool) {
	for s := w.scope; s != nil; s = s.parent {
		if value, ok := s.names[name]; ok {
			return value, true
		}
	}
	return nil, false
}

func (w *walker) push() { w.scope = &scope{names: map[string]ast.Expr{}, parent: w.scope} }
func (w *walker) pop()  { w.scope = w.scope.parent }

func (w *walker) block(stmts []ast.Stmt, locals ...string) {
	w.push()
	for _, name := range locals {
		w.scope.names[name] = nil
	}
	w.stmts(stmts)
	w.pop()
}

func (w *walker) stmts(stmts []ast.Stmt) {
	for _, s := range stmts {
		w.stmt(s)
	}
}

func (w *walker) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		w.exprs(s.Rhs)
		for _, to := range s.Lhs {
			w.assign(to)
		}
	case *ast.LocalAssignStmt:
		w.local(s)
	case *ast.FuncCallStmt:
		w.expr(s.Expr)
	case *ast.DoBlockStmt:
		w.block(s.Stmts)
	case *ast.WhileStmt:
		w.expr(s.Condition)
		w.block(s.Stmts)
	case *ast.RepeatStmt: // its condition sees the locals of the block
		w.push()
		w.stmts(s.Stmts)
		w.expr(s.Condition)
		w.pop()
	case *ast.IfStmt:
		w.expr(s.Condition)
		w.block(s.Then)
		w.block(s.Else)
	case *ast.NumberForStmt:
		w.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
		w.block(s.Stmts, s.Name)
	case *ast.GenericForStmt:
		w.exprs(s.Exprs)
		w.block(s.Stmts, s.Names...)
	case *ast.FuncDefStmt:
		w.functionName(s)
		w.expr(s.Func)
	case *ast.ReturnStmt:
		w.exprs(s.Exprs)
	}
}

func (w *walker) local(s *ast.LocalAssignStmt) {
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if f, ok := s.Exprs[0].(*ast.FunctionExpr); ok { // local function f may call itself
			w.scope.names[s.Names[0]] = f
			w.expr(f)
			return
		}
	}
	w.exprs(s.Exprs)
	for i, name := range s.Names {
		w.scope.names[name] = nil
		if i < len(s.Exprs) {
			w.scope.names[name] = s.Exprs[i]
		}
	}
}

// assign forgets the value of a local, and reports a global.
func (w *walker) assign(to ast.Expr) {
	id, ok := to.(*ast.IdentExpr)
	if !ok {
		w.expr(to)
		return
	}
	for s := w.scope; s != nil; s = s.parent {
		if _, ok := s.names[id.Value]; ok {
			s.names[id.Value] = nil
			return
		}
	}
	w.assigned[id.Value] = true
	w.warn(id.Line(), "%s is set as a global name; write local %s", id.Value, id.Value)
}

func (w *walker) functionName(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		w.assign(s.Name.Func)
	} else if s.Name.Receiver != nil {
		w.expr(s.Name.Receiver)
	}
}

func (w *walker) exprs(all []ast.Expr) {
	for _, e := range all {
		w.expr(e)
	}
}

func (w *walker) expr(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		w.name(e)
	case *ast.AttrGetExpr:
		w.attribute(e)
	case *ast.TableExpr:
		for _, f := range e.Fields {
			w.expr(f.Key)
			w.expr(f.Value)
		}
	case *ast.FuncCallExpr:
		w.call(e)
	case *ast.LogicalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.RelationalOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.StringConcatOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.ArithmeticOpExpr:
		w.exprs([]ast.Expr{e.Lhs, e.Rhs})
	case *ast.UnaryMinusOpExpr:
		w.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		w.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		w.expr(e.Expr)
	case *ast.FunctionExpr:
		w.function(e)
	}
}

func (w *walker) function(e *ast.FunctionExpr) {
	w.push()
	for i, name := range e.ParList.Names {
		w.scope.names[name] = nil
		if i == 0 && e == w.details {
			w.scope.names[name] = &detailsParam{}
		}
	}
	w.stmts(e.Stmts)
	w.pop()
}

func (w *walker) name(e *ast.IdentExpr) {
	if _, local := w.lookup(e.Value); local || w.known.has(e.Value) || w.test && e.Value == "tests" {
		return
	}
	w.unknown = append(w.unknown, e)
}

// report adds the names that nothing in the whole file sets.
func (w *walker) report() {
	for _, e := range w.unknown {
		if !w.assigned[e.Value] {
			w.fatal(e.Line(), "unknown name %q%s", e.Value, suggestion(e.Value, w.known.names()))
		}
	}
}

// attribute compares the fields of modules and of details with what there is.
func (w *walker) attribute(e *ast.AttrGetExpr) {
	w.expr(e.Object)
	key, constant := e.Key.(*ast.StringExpr)
	if !constant {
		w.expr(e.Key)
	}
	object, ok := e.Object.(*ast.IdentExpr)
	if !ok || !constant {
		return
	}
	value, local := w.lookup(object.Value)
	_, isDetails := value.(*detailsParam)
	if isDetails && w.declared != nil && w.declared.details != nil && !w.declared.hasDetail(key.Value) {
		w.fatal(e.Line(), "the detail %q is not declared%s", key.Value, suggestion(key.Value, keys(w.declared.details)))
	}
	functions, module := w.known.modules[object.Value]
	if local || !module || w.assigned[object.Value] {
		return
	}
	if _, ok := functions[key.Value]; !ok && !w.known.constants[object.Value+"."+key.Value] {
		w.fatal(e.Line(), "%s has no function %q%s", object.Value, key.Value, suggestion(key.Value, keys(functions)))
	}
}

// suggestion returns "; did you mean …?" or, of few names, all of them.
func suggestion(word string, known []string) string {
	if near := shorttext.Nearest(word, known); near != "" {
		return "; did you mean " + near + "?"
	}
	if len(known) > 0 && len(known) <= 12 {
		return "; there are " + strings.Join(known, ", ")
	}
	return ""
}
