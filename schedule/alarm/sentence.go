package alarm

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// A Sentence is a rule as a form has it: "the average of used over 10m is above 90 for 5m: WARNING".
type Sentence struct {
	Metric string
	// Aggregate is one of Aggregates; Over is its time, such as "10m", and empty for last and rate.
	Aggregate, Over string
	Above           bool
	Number          float64
	For             Span
	State           State
}

// Aggregates returns what a Sentence can say of a metric.
func Aggregates() []string { return []string{"last", "rate", "average", "minimum", "maximum"} }

// overTime reports whether an aggregate has a time.
func overTime(aggregate string) bool { return aggregate != "last" && aggregate != "rate" }

// Expression returns the condition of a sentence. Each sentence has exactly one.
func (s Sentence) Expression() (string, error) {
	switch {
	case !slices.Contains(Aggregates(), s.Aggregate):
		return "", fmt.Errorf("there is no %q; there are %s", shorttext.Truncate(s.Aggregate, 64), strings.Join(Aggregates(), ", "))
	case s.Metric == "" || len(s.Metric) > schedule.MaxIDBytes || strings.Contains(s.Metric, "*"):
		return "", fmt.Errorf("the metric %q has no valid name", shorttext.Truncate(s.Metric, 64))
	case math.IsNaN(s.Number) || math.IsInf(s.Number, 0):
		return "", fmt.Errorf("the limit is no number")
	case overTime(s.Aggregate) != (s.Over != ""):
		return "", fmt.Errorf("%s and the time %q do not belong together", s.Aggregate, shorttext.Truncate(s.Over, 64))
	}
	text := s.Aggregate + "(" + strconv.Quote(s.Metric)
	if s.Over != "" {
		text += ", " + strconv.Quote(s.Over)
	}
	operator := " < "
	if s.Above {
		operator = " > "
	}
	text += ")" + operator + strconv.FormatFloat(s.Number, 'f', -1, 64)
	if _, err := Compile(text); err != nil {
		return "", err
	}
	return text, nil
}

// Sentences returns the rule as sentences, one for each case; it is not ok where the rule says more than
// sentences can.
func (r *Rule) Sentences() (all []Sentence, ok bool) {
	if r.Clear != nil {
		return nil, false
	}
	for i := range r.Cases {
		s, ok := readSentence(r.Cases[i].When)
		if !ok || !r.Cases[i].Message.isZero() {
			return nil, false
		}
		s.For, s.State = r.For, r.Cases[i].State
		all = append(all, s)
	}
	return all, len(all) > 0
}

func readSentence(e *Expr) (s Sentence, ok bool) {
	n, ok := e.program.Node().(*ast.BinaryNode)
	if !ok || n.Operator != ">" && n.Operator != "<" {
		return s, false
	}
	call, ok := n.Left.(*ast.CallNode)
	s.Aggregate, s.Above = calledName(n.Left), n.Operator == ">"
	if !ok || !slices.Contains(Aggregates(), s.Aggregate) {
		return s, false
	}
	s.Metric = firstMetric(call)
	if overTime(s.Aggregate) {
		over, ok := call.Arguments[1].(*ast.StringNode)
		if !ok {
			return s, false
		}
		s.Over = over.Value
	}
	s.Number, ok = literalNumber(n.Right)
	return s, ok
}

func literalNumber(n ast.Node) (float64, bool) {
	switch n := n.(type) {
	case *ast.IntegerNode:
		return float64(n.Value), true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.UnaryNode:
		value, ok := literalNumber(n.Node)
		return -value, ok && n.Operator == "-"
	}
	return 0, false
}
