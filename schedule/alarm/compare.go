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
	// metric is set if the value is that of one metric, or a share in percent of which it is the first one.
	metric  string
	percent bool
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
	if zero, ok := right.(*ast.IntegerNode); ok {
		c.guard = zero.Value == 0 && (operator == ">" || operator == "!=")
	}
	c.metric, c.percent = shownMetric(left)
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
		_, isMember := n.(*ast.MemberNode)
		name := calledName(n)
		found = found || isMember || functions()[name].metric || name == "age"
		return found
	})
	return found
}

// shownMetric returns the metric of last, average, minimum or maximum, or the first one of a share in
// percent, and "" for all else.
func shownMetric(n ast.Node) (metric string, percent bool) {
	switch calledName(n) {
	case "last", "average", "minimum", "maximum":
		return firstMetric(n), false
	case "percent":
		return firstMetric(n), true
	}
	return "", false
}

// calledName returns the name of the function that a node calls; "" where it is no call.
func calledName(n ast.Node) string {
	if call, ok := n.(*ast.CallNode); ok {
		if callee, ok := call.Callee.(*ast.IdentifierNode); ok {
			return callee.Value
		}
	}
	return ""
}

// firstMetric returns the metric that stands first in a part of an expression, from the left.
func firstMetric(n ast.Node) string {
	switch n := n.(type) {
	case *ast.BinaryNode:
		if metric := firstMetric(n.Left); metric != "" {
			return metric
		}
		return firstMetric(n.Right)
	case *ast.UnaryNode:
		return firstMetric(n.Node)
	case *ast.CallNode:
		for i, argument := range n.Arguments {
			if text, ok := argument.(*ast.StringNode); ok && i == 0 && functions()[calledName(n)].metric {
				return text.Value
			}
			if metric := firstMetric(argument); metric != "" {
				return metric
			}
		}
	}
	return ""
}
