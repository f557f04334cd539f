package alarm

import (
	"fmt"
	"math"
	"regexp/syntax"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"virgo/schedule"
	"virgo/schedule/shorttext"
)

// MaxPatternSize bounds the regular expressions of one expression: their characters, repetitions multiplied
// out. With maxTextSeen it bounds the time that matching takes.
const MaxPatternSize = 1000

// name checks a name that stands alone.
func (w *walker) name(n *ast.IdentifierNode) *placed {
	switch n.Value {
	case "available":
		w.available = true
	case "status":
		w.status, w.available = true, true
	case "host":
		return mistakeAt(n, "host stands before a point, as in host.silent_for")
	default:
		p := mistakeAt(n, "unknown name %q", shorttext.Truncate(n.Value, maxErrorBytes))
		p.Help = unknownHelp("unknown name " + n.Value)
		if _, isFunction := functions()[n.Value]; isFunction {
			p.Text, p.Help = fmt.Sprintf("%s is a function", n.Value), fmt.Sprintf("write %s(…)", n.Value)
		}
		return p
	}
	return nil
}

// member checks host.NAME, the only member that there is. The compiler knows the names.
func (w *walker) member(n *ast.MemberNode) *placed {
	of, isName := n.Node.(*ast.IdentifierNode)
	property, isText := n.Property.(*ast.StringNode)
	if !isName || of.Value != "host" || !isText || n.Optional {
		return mistakeAt(n, "only host has members, as in host.silent_for")
	}
	if !isHostField(property.Value) {
		p := mistakeAt(n, "host has no %q", shorttext.Truncate(property.Value, maxErrorBytes))
		p.Help = "it has " + strings.Join(hostFields(), ", ")
		return p
	}
	w.host = true
	w.time = w.time || slices.Contains([]string{"silent_for", "up_for", "certificate_ends_in"}, property.Value)
	return nil
}

// call checks the name and the number of arguments of a call; the compiler knows their types. A metric
// and a time are literals, so that what has to be remembered is known before the first value.
func (w *walker) call(n *ast.CallNode, depth int) *placed {
	callee, isName := n.Callee.(*ast.IdentifierNode)
	if !isName {
		return mistakeAt(n, "only functions can be called")
	}
	f, known := functions()[callee.Value]
	if !known {
		p := mistakeAt(n, "unknown function %q", shorttext.Truncate(callee.Value, maxErrorBytes))
		p.Help = unknownHelp("unknown name " + callee.Value)
		return p
	}
	if len(n.Arguments) < f.least || len(n.Arguments) > f.most {
		p := mistakeAt(n, "%s has %d arguments", callee.Value, len(n.Arguments))
		p.Help = "write " + f.usage
		return p
	}
	window := Window{Kind: f.window}
	for i, argument := range n.Arguments {
		switch {
		case i == 0 && f.metric:
			name, mistake := metricName(argument, f)
			if mistake != nil {
				return mistake
			}
			w.metrics, window.Metric = append(w.metrics, name), name
			w.visits++
		case f.window != 0 && i == len(n.Arguments)-1:
			over, mistake := windowTime(argument, f)
			if mistake != nil {
				return mistake
			}
			window.Over = over
			w.visits++
		default:
			if mistake := w.walk(argument, depth+1); mistake != nil {
				return mistake
			}
		}
	}
	if f.window != 0 {
		w.windows = append(w.windows, window)
	}
	if callee.Value == "age" {
		w.age, w.time = true, true
	}
	return nil
}

func metricName(n ast.Node, f function) (string, *placed) {
	text, ok := n.(*ast.StringNode)
	if !ok {
		p := mistakeAt(n, "the metric is named by text in quotes")
		p.Help = "write " + f.usage
		return "", p
	}
	if text.Value == "" || len(text.Value) > schedule.MaxIDBytes {
		return "", mistakeAt(n, "a metric's name has 1 to %d bytes", schedule.MaxIDBytes)
	}
	if strings.Contains(text.Value, "*") && !f.pattern {
		p := mistakeAt(n, "a pattern names several metrics")
		p.Help = "only change and has take one: change(\"dropped_*\", \"1h\")"
		return "", p
	}
	return text.Value, nil
}

func windowTime(n ast.Node, f function) (time.Duration, *placed) {
	text, ok := n.(*ast.StringNode)
	if !ok {
		p := mistakeAt(n, "the time is text in quotes")
		p.Help = "write " + f.usage
		return 0, p
	}
	d, err := schedule.ParseDuration(text.Value)
	if err != nil {
		return 0, mistakeAt(n, "%q: %v", shorttext.Truncate(text.Value, 64), err)
	}
	if d < time.Minute || d > MaxWindow {
		return 0, mistakeAt(n, "%q: the time is between 1m and %.0fd", shorttext.Truncate(text.Value, 64), MaxWindow.Hours()/24)
	}
	return d, nil
}

// pattern checks the right side of matches.
func (w *walker) pattern(n ast.Node) *placed {
	text, ok := n.(*ast.StringNode)
	if !ok {
		return mistakeAt(n, "the pattern is text in quotes")
	}
	size, err := sizeOfPattern(text.Value)
	if err != nil {
		return mistakeAt(n, "%v", err)
	}
	if w.patterns += size; w.patterns > MaxPatternSize {
		return mistakeAt(n, "the regular expressions are too large: together more than %d characters, repetitions multiplied",
			MaxPatternSize)
	}
	return nil
}

// sizeOfPattern returns about the number of instructions of a regular expression. Error: it is not valid.
func sizeOfPattern(pattern string) (float64, error) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		reason := shorttext.Truncate(shorttext.Sanitize(err.Error()), maxErrorBytes)
		return 0, fmt.Errorf("the regular expression is not valid: %s", strings.TrimPrefix(reason, "error parsing regexp: "))
	}
	return patternSize(parsed), nil
}

// patternSize is about the number of instructions of a regular expression, bounded so that it does not
// overflow.
func patternSize(re *syntax.Regexp) float64 {
	size := 1.0
	for _, sub := range re.Sub {
		size += patternSize(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		size += float64(len(re.Rune))
	case syntax.OpCharClass:
		size += float64(len(re.Rune)) / 2
	case syntax.OpRepeat:
		size *= float64(max(re.Min, re.Max, 1))
	}
	return math.Min(size, math.MaxInt32)
}
