package lint

import (
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"virgo/collect/script"
	"virgo/schedule/capability"
	"virgo/schedule/detail"
	"virgo/schedule/scriptbundle"
)

// A declaration is what check { … } says, as far as it is constant.
type declaration struct {
	details map[string]ast.Expr // nil: computed
	needs   map[capability.Kind]need
	known   bool // needs is constant as a whole
}

// A need has the patterns of one kind.
type need struct {
	patterns []string
	complete bool
}

func (d *declaration) hasDetail(name string) bool {
	_, ok := d.details[name]
	return ok
}

func declarationKeys() []string {
	return []string{"summary", "details", "needs", "systems", "metrics", "targets", "run"}
}

func detailKeys() []string {
	return []string{"kind", "required", "default", "doc", "min", "max", "choices", "role"}
}

// defaultTypes returns the types of Lua that the default of each kind of detail may have.
func defaultTypes(kind string) []string {
	switch detail.Kind(kind) {
	case detail.List:
		return []string{"table", "string"}
	case detail.Object:
		return []string{"table"}
	case detail.Boolean:
		return []string{"boolean"}
	case detail.Number, detail.Integer, detail.Port:
		return []string{"number"}
	case detail.Seconds, detail.Milliseconds:
		return []string{"number", "string"}
	}
	return []string{"string"}
}

func systems() []string { return []string{"linux", "darwin", "freebsd", "windows"} }

// declare finds check { … } at the end of the file and reads it. The locals of the file are visible
// to it, so they are walked once here, without findings.
func (w *walker) declare(chunk []ast.Stmt) {
	if len(chunk) == 0 || w.test {
		return
	}
	last, ok := chunk[len(chunk)-1].(*ast.ReturnStmt)
	if !ok || len(last.Exprs) != 1 {
		return
	}
	call, ok := last.Exprs[0].(*ast.FuncCallExpr)
	if name, is := identifier(call); !ok || !is || name != "check" {
		return
	}
	w.push()
	defer w.pop()
	for _, s := range chunk[:len(chunk)-1] {
		if s, ok := s.(*ast.LocalAssignStmt); ok {
			for i, name := range s.Names {
				if i < len(s.Exprs) {
					w.scope.names[name] = s.Exprs[i]
				}
			}
		}
	}
	w.declared = &declaration{}
	if len(call.Args) == 1 {
		if t := w.table(call.Args[0]); t != nil {
			w.readDeclaration(call.Line(), t)
		}
	}
}

func identifier(call *ast.FuncCallExpr) (string, bool) {
	if call == nil {
		return "", false
	}
	id, ok := call.Func.(*ast.IdentExpr)
	if !ok {
		return "", false
	}
	return id.Value, true
}

func (w *walker) readDeclaration(line int, t *ast.TableExpr) {
	all := w.fields(t)
	for _, key := range keys(all) {
		if !slices.Contains(declarationKeys(), key) {
			w.fatal(lineOf(t, all[key]), "check has no %q%s", key, suggestion(key, declarationKeys()))
		}
	}
	for _, key := range []string{"summary", "run"} {
		if _, ok := all[key]; !ok {
			w.fatal(line, "check lacks %s", key)
		}
	}
	w.readDetails(all["details"])
	w.readNeeds(all["needs"])
	if list, _ := w.texts(all["systems"]); list != nil {
		for _, s := range list {
			if !slices.Contains(systems(), s) {
				w.fatal(lineOf(t, all["systems"]), "unknown system %q%s", s, suggestion(s, systems()))
			}
		}
	}
	run := all["run"]
	if id, ok := run.(*ast.IdentExpr); ok {
		run, _ = w.lookup(id.Value)
	}
	w.details, _ = run.(*ast.FunctionExpr)
}

func lineOf(t *ast.TableExpr, e ast.Expr) int {
	if e != nil && e.Line() > 0 {
		return e.Line()
	}
	return t.Line()
}

func (w *walker) readDetails(e ast.Expr) {
	if e == nil {
		w.declared.details = map[string]ast.Expr{}
		return
	}
	t := w.table(e)
	if t == nil {
		return
	}
	w.declared.details = w.fields(t)
	for _, name := range keys(w.declared.details) {
		if d := w.table(w.declared.details[name]); d != nil {
			w.readDetail(name, d)
		}
	}
}

func (w *walker) readDetail(name string, t *ast.TableExpr) {
	all := w.fields(t)
	for _, key := range keys(all) {
		if !slices.Contains(detailKeys(), key) {
			w.fatal(lineOf(t, all[key]), "the detail %q has no %q%s", name, key, suggestion(key, detailKeys()))
		}
	}
	kind := "text"
	if e, ok := all["kind"]; ok {
		if kind, ok = w.text(e); !ok {
			return // computed
		}
	}
	if !slices.Contains(script.DetailKinds(), kind) {
		near := suggestion(kind, script.DetailKinds())
		if near == "" {
			near = "; the kinds are " + strings.Join(script.DetailKinds(), ", ")
		}
		w.fatal(lineOf(t, all["kind"]), "the detail %q has the unknown kind %q%s", name, kind, near)
		return
	}
	if kind == string(detail.Choice) && all["choices"] == nil {
		w.fatal(t.Line(), "the detail %q is a choice and lacks choices", name)
	}
	want := defaultTypes(kind)
	if got := constantKind(all["default"]); got != "" && !slices.Contains(want, got) {
		w.fatal(lineOf(t, all["default"]), "the default of the detail %q is a %s; its kind %s wants a %s",
			name, got, kind, want[0])
	}
	wire := detail.Kind(kind)
	if kind == "text" {
		wire = detail.Text
	}
	var roles []string
	for _, role := range scriptbundle.Roles(wire) {
		roles = append(roles, string(role))
	}
	if role, ok := w.text(all["role"]); ok && !slices.Contains(roles, role) {
		w.fatal(lineOf(t, all["role"]), "a detail of the kind %s cannot have the role %q, as %q has; it may have %s",
			kind, role, name, strings.Join(roles, ", "))
	}
}

func (w *walker) readNeeds(e ast.Expr) {
	w.declared.needs = map[capability.Kind]need{}
	w.declared.known = true
	if e == nil {
		return
	}
	t := w.table(e)
	if t == nil {
		w.declared.known = false
		return
	}
	var kinds []string
	for _, k := range capability.Kinds() {
		kinds = append(kinds, string(k))
	}
	all := w.fields(t)
	for _, key := range keys(all) {
		if !slices.Contains(kinds, key) {
			w.fatal(lineOf(t, all[key]), "needs has no kind %q%s", key, suggestion(key, kinds))
			continue
		}
		patterns, complete := w.texts(all[key])
		w.declared.needs[capability.Kind(key)] = need{patterns, complete}
	}
}
