package lint

import (
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// maxConstantDepth bounds how far a name is followed to its value.
const maxConstantDepth = 20

// text returns the constant text that an expression has.
func (w *walker) text(e ast.Expr) (string, bool) { return w.textBelow(e, maxConstantDepth) }

func (w *walker) textBelow(e ast.Expr, depth int) (string, bool) {
	if depth == 0 {
		return "", false
	}
	switch e := e.(type) {
	case *ast.StringExpr:
		return e.Value, true
	case *ast.NumberExpr:
		return e.Value, true
	case *ast.IdentExpr:
		if value, local := w.lookup(e.Value); local && value != nil {
			return w.textBelow(value, depth-1)
		}
	case *ast.StringConcatOpExpr:
		left, ok := w.textBelow(e.Lhs, depth-1)
		if !ok {
			return "", false
		}
		right, ok := w.textBelow(e.Rhs, depth-1)
		return left + right, ok
	}
	return "", false
}

// table returns the table constructor that an expression is.
func (w *walker) table(e ast.Expr) *ast.TableExpr {
	for range maxConstantDepth {
		switch t := e.(type) {
		case *ast.TableExpr:
			return t
		case *ast.IdentExpr:
			value, local := w.lookup(t.Value)
			if !local || value == nil {
				return nil
			}
			e = value
		default:
			return nil
		}
	}
	return nil
}

// fields returns the fields of a table with constant names.
func (w *walker) fields(t *ast.TableExpr) map[string]ast.Expr {
	found := map[string]ast.Expr{}
	n := 0
	for _, f := range t.Fields {
		if f.Key == nil {
			n++
			found[strconv.Itoa(n)] = f.Value
		} else if key, ok := w.text(f.Key); ok {
			found[key] = f.Value
		}
	}
	return found
}

// texts returns a list of constant texts; complete is false where a part of it is computed.
func (w *walker) texts(e ast.Expr) (list []string, complete bool) {
	t := w.table(e)
	if t == nil {
		return nil, false
	}
	complete = true
	for _, f := range t.Fields {
		text, ok := w.text(f.Value)
		if ok {
			list = append(list, text)
		} else {
			complete = false
		}
	}
	return list, complete
}

// constantKind returns the type of a constant, empty if it is computed.
func constantKind(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StringExpr:
		return "string"
	case *ast.NumberExpr:
		return "number"
	case *ast.UnaryMinusOpExpr:
		return constantKind(e.Expr)
	case *ast.TrueExpr, *ast.FalseExpr:
		return "boolean"
	case *ast.TableExpr:
		return "table"
	case *ast.FunctionExpr:
		return "function"
	default:
		return ""
	}
}
