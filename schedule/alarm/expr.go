package alarm

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"

	"virgo/schedule/shorttext"
)

// Limits of an expression.
const (
	MaxExprBytes = 4 << 10
	MaxExprNodes = 400 // what an operator uses twice counts twice
	MaxExprDepth = 64  // nesting of operators and calls
)

// An Expr is a condition or a number that is computed from the values of a check or a host.
type Expr struct {
	text    string
	program *vm.Program
	// comparisons are what the condition compares, the one that tells people most first.
	comparisons []comparison
	uses
}

// uses are what an expression needs to know.
type uses struct {
	metrics           []string
	windows           []Window
	available, status bool
	host, age, time   bool
}

// String returns the expression as it was written.
func (e *Expr) String() string { return e.text }

// ExprError says what is wrong with an expression.
type ExprError struct {
	// Line and Column are the place in the expression, from 1; 0: unknown.
	Line, Column int
	Text, Help   string
}

func (e *ExprError) Error() string { return e.Text }

// Compile compiles a condition. Every error is an *ExprError.
func Compile(text string) (*Expr, error) {
	e, err := compile(text, expr.AsBool())
	if err != nil {
		return nil, err
	}
	e.comparisons = findComparisons(e.program.Node())
	return e, nil
}

// compile checks the form of an expression before the compiler sees it.
func compile(text string, kind expr.Option) (*Expr, error) {
	if len(text) > MaxExprBytes {
		return nil, &ExprError{Text: fmt.Sprintf("the expression has %d bytes, at most %d are allowed", len(text), MaxExprBytes)}
	}
	if strings.TrimSpace(text) == "" {
		return nil, &ExprError{Text: "the expression is empty"}
	}
	options := []expr.Option{
		expr.Env(scope{}), expr.DisableAllBuiltins(), expr.Optimize(false), expr.MaxNodes(MaxExprNodes),
		expr.DisableIfOperator(),
	}
	tree, err := parser.ParseWithConfig(text, config(options))
	if err != nil {
		return nil, exprError(err)
	}
	w := walker{}
	if mistake := w.walk(tree.Node, 1); mistake != nil {
		return nil, mistake.place(text)
	}
	program, err := expr.Compile(text, append(options, kind)...)
	if err != nil {
		return nil, exprError(err)
	}
	slices.Sort(w.metrics)
	w.metrics = slices.Compact(w.metrics)
	return &Expr{text: text, program: program, uses: w.uses}, nil
}

// config returns what the options say, for the parser.
func config(options []expr.Option) *conf.Config {
	c := conf.CreateNew()
	for _, set := range options {
		set(c)
	}
	for name := range c.Disabled {
		delete(c.Builtins, name)
	}
	return c
}

// exprError returns an error of the library in our form: without the excerpt that it prints.
func exprError(err error) *ExprError {
	var at *file.Error
	if !errors.As(err, &at) {
		return &ExprError{Text: shorttext.Truncate(err.Error(), maxErrorBytes)}
	}
	text := at.Message
	text, _, _ = strings.Cut(text, "\n")
	return &ExprError{
		Line: at.Line, Column: at.Column + 1, Text: shorttext.Truncate(shorttext.Sanitize(text), maxErrorBytes),
		Help: unknownHelp(text),
	}
}

// maxErrorBytes bounds what an error quotes of an expression.
const maxErrorBytes = 200

// unknownHelp returns the name that was meant by one that is not known.
func unknownHelp(text string) string {
	name, ok := strings.CutPrefix(text, "unknown name ")
	if !ok {
		return ""
	}
	if near := shorttext.Nearest(strings.TrimSpace(name), functionNames()); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	return "metrics are named by text, as in last(\"used\")"
}

// A walker checks the form of an expression, and notes what it needs.
type walker struct {
	uses
	visits int
	// patterns is the size of all regular expressions.
	patterns float64
}

// placed is a mistake at an offset of an expression, in bytes.
type placed struct {
	offset int
	ExprError
}

// place returns the mistake with its line and column.
func (p *placed) place(text string) *ExprError {
	e := p.ExprError
	runes := []rune(text)
	before := string(runes[:min(p.offset, len(runes))])
	e.Line = 1 + strings.Count(before, "\n")
	e.Column = len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return &e
}

func mistakeAt(n ast.Node, format string, args ...any) *placed {
	return &placed{offset: n.Location().From, ExprError: ExprError{Text: fmt.Sprintf(format, args...)}}
}

// operators are those that may be used. "matches" takes a literal; ".." makes lists, "|" and "??" are of no
// use.
var operators = []string{
	"or", "||", "and", "&&", "not", "!", "==", "!=", "<", ">", ">=", "<=", "+", "-", "*", "/", "^", "**",
	"in", "contains", "startsWith", "endsWith", "matches",
}

// walk refuses every kind of node but those that it names. A comparison such as a < b < c uses b twice:
// each use is a visit, so that a few of them within each other end here.
func (w *walker) walk(n ast.Node, depth int) *placed {
	if w.visits++; w.visits > MaxExprNodes {
		return mistakeAt(n, "the expression has more than %d parts", MaxExprNodes)
	}
	if depth > MaxExprDepth {
		return mistakeAt(n, "the expression is nested deeper than %d", MaxExprDepth)
	}
	switch n := n.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
		return nil
	case *ast.IdentifierNode:
		return w.name(n)
	case *ast.UnaryNode:
		return w.walk(n.Node, depth+1)
	case *ast.BinaryNode:
		if !slices.Contains(operators, n.Operator) {
			return mistakeAt(n, "the operator %q is not available", n.Operator)
		}
		if n.Operator == "matches" {
			if mistake := w.pattern(n.Right); mistake != nil {
				return mistake
			}
		}
		if mistake := w.walk(n.Left, depth+1); mistake != nil {
			return mistake
		}
		return w.walk(n.Right, depth+1)
	case *ast.ConditionalNode:
		for _, part := range []ast.Node{n.Cond, n.Exp1, n.Exp2} {
			if mistake := w.walk(part, depth+1); mistake != nil {
				return mistake
			}
		}
		return nil
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			if mistake := w.walk(item, depth+1); mistake != nil {
				return mistake
			}
		}
		return nil
	case *ast.MemberNode:
		return w.member(n)
	case *ast.CallNode:
		return w.call(n, depth)
	case *ast.BuiltinNode:
		return mistakeAt(n, "the function %q is not available", shorttext.Truncate(n.Name, maxErrorBytes))
	case nil:
		return &placed{ExprError: ExprError{Text: "the expression is not complete"}}
	default:
		return mistakeAt(n, "this form of expression is not available")
	}
}
