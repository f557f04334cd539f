package alarm

import (
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
)

// A comparison is one of numbers within a condition. It gives the value and the threshold in messages.
type comparison struct {
	when, value, threshold *vm.Program
	// above is true if the condition holds for values above the threshold.
	above bool
	// guard is true for one that only asks whether the rest makes sense, such as swap_total > 0.
	guard bool
	// metric is set if the value is that of one metric and nothing else, literal if the threshold is a
	// number as written.
	metric  string
	literal *float64
}

// maxComparisons bounds the comparisons of one condition that are tried.
const maxComparisons = 16

// findComparisons returns the comparisons that a condition joins by and, or: guards last.
func findComparisons(n ast.Node) []comparison {
	var all []comparison
	var visit func(ast.Node)
	visit = func(n ast.Node) {
		b, ok := n.(*ast.BinaryNode)
		if !ok || len(all) >= maxComparisons {
			return
		}
		switch b.Operator {
		case "and", "&&", "or", "||":
			visit(b.Left)
			visit(b.Right)
		case "<", "<=", ">", ">=", "==", "!=":
			if c, ok := newComparison(b); ok {
				all = append(all, c)
			}
		}
	}
	visit(n)
	slices.SortStableFunc(all, func(a, b comparison) int {
		switch {
		case a.guard == b.guard:
			return 0
		case b.guard:
			return -1
		}
		return 1
	})
	return all
}

func newComparison(n *ast.BinaryNode) (comparison, bool) {
	left, right, operator := n.Left, n.Right, n.Operator
	if !readsValues(left) && readsValues(right) {
		left, right = right, left
		operator = mirrored(operator)
	}
	if !readsValues(left) {
		return comparison{}, false
	}
	var c comparison
	var err error
	if c.when, err = compilePart(n, expr.AsBool()); err != nil {
		return comparison{}, false
	}
	if c.value, err = compilePart(left, expr.AsFloat64()); err != nil {
		return comparison{}, false // a comparison of texts
	}
	if c.threshold, err = compilePart(right, expr.AsFloat64()); err != nil {
		return comparison{}, false
	}
	c.above = operator == ">" || operator == ">="
	switch right := right.(type) {
	case *ast.IntegerNode:
		value := float64(right.Value)
		c.literal = &value
		c.guard = value == 0 && (operator == ">" || operator == "!=")
	case *ast.FloatNode:
		value := right.Value
		c.literal = &value
	}
	c.metric = singleMetric(left)
	return c, true
}

func mirrored(operator string) string {
	switch operator {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return operator
}

// compilePart compiles a part of an expression that was checked already.
func compilePart(n ast.Node, kind expr.Option) (*vm.Program, error) {
	return expr.Compile(n.String(), expr.Env(scope{}), expr.DisableAllBuiltins(), expr.Optimize(false),
		expr.MaxNodes(MaxExprNodes), expr.DisableIfOperator(), kind)
}

// readsValues reports whether a part of an expression depends on a value of a check or host.
func readsValues(n ast.Node) bool {
	found := false
	ast.Find(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.MemberNode:
			found = true
		case *ast.CallNode:
			callee, ok := n.Callee.(*ast.IdentifierNode)
			found = found || ok && (functions()[callee.Value].metric || callee.Value == "age")
		}
		return found
	})
	return found
}

// singleMetric returns the metric of last, average, minimum or maximum, and "" for all else.
func singleMetric(n ast.Node) string {
	call, ok := n.(*ast.CallNode)
	if !ok {
		return ""
	}
	callee, ok := call.Callee.(*ast.IdentifierNode)
	if !ok {
		return ""
	}
	switch callee.Value {
	case "last", "average", "minimum", "maximum":
		if text, ok := call.Arguments[0].(*ast.StringNode); ok {
			return text.Value
		}
	}
	return ""
}
