package criteria

import (
	"regexp/syntax"
	"strconv"
	"strings"
)

// or reads conditions that are joined by ||.
func (p *parser) or(depth int) string {
	if depth > MaxDepth {
		p.lexer.fail(p.token, "the condition is nested deeper than %d", MaxDepth)
		return ""
	}
	return p.joined("||", " or ", func() string {
		return p.joined("&&", " and ", func() string { return p.condition(depth) })
	})
}

// joined reads parts with an operator between them. More than one part stands in parentheses.
func (p *parser) joined(operator, word string, part func() string) string {
	parts := []string{part()}
	for p.accept(operator) {
		parts = append(parts, part())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "(" + strings.Join(parts, word) + ")"
}

func (p *parser) condition(depth int) string {
	if p.failed() {
		return ""
	}
	if p.accept("(") {
		inside := p.or(depth + 1)
		p.expect(")")
		return inside
	}
	left := p.operand(depth)
	operator := p.token
	switch {
	case operator.kind == symbol && strings.Contains(" == != >= <= < > ", " "+operator.text+" "):
	case operator.kind == name && (operator.text == "regex" || operator.text == "nregex"):
	default:
		p.unexpected("a comparison such as > or regex")
	}
	p.advance()
	right := p.operand(depth)
	if p.failed() {
		return ""
	}
	if operator.kind == name {
		return p.pattern(left, operator, right)
	}
	return p.comparison(left, operator, right)
}

// An operand is one side of a comparison, as a number and as a text; empty where it is not one.
type operand struct {
	at           token
	number, text string
	// literal is set for a text in quotes.
	literal *string
	// metric is true for the value of a metric.
	metric bool
}

func (p *parser) operand(depth int) operand {
	o := operand{at: p.token}
	if p.failed() {
		return o
	}
	if depth > MaxDepth {
		p.lexer.fail(p.token, "the condition is nested deeper than %d", MaxDepth)
		return o
	}
	switch t := p.token; {
	case t.kind == number:
		if v, err := strconv.ParseFloat(t.text, 64); err == nil {
			o.number = strconv.FormatFloat(v, 'f', -1, 64)
		}
		p.advance()
	case t.kind == text:
		o.text, o.literal = strconv.Quote(t.text), &t.text
		p.advance()
	case t.kind == name && t.text == "metric":
		metric := p.metric()
		o.number, o.text, o.metric = "last("+metric+")", "text("+metric+")", true
	case t.kind == name && t.text == "previous":
		p.advance()
		p.expect("(")
		metric := p.metric()
		p.expect(")")
		o.number, o.text, o.metric = "previous("+metric+")", "previous_text("+metric+")", true
	case t.kind == name && t.text == "rate":
		p.advance()
		p.expect("(")
		o.number = "rate(" + p.metric() + ")"
		p.expect(")")
	case t.kind == name && t.text == "percentage":
		p.advance()
		p.expect("(")
		part := p.quantity(depth + 1)
		p.expect(",")
		o.number = "percent(" + part + ", " + p.quantity(depth+1) + ")"
		p.expect(")")
	default:
		p.unexpected("metric['…'], a function, a number or a text")
	}
	return o
}

// metric reads metric['name'] and returns the name in quotes.
func (p *parser) metric() string {
	if !p.is("metric") {
		p.unexpected("metric['…']")
	}
	p.advance()
	p.expect("[")
	t := p.token
	if t.kind != text {
		p.unexpected("the name of a metric in quotes")
	}
	switch {
	case t.text == "" || len(t.text) > maxName:
		p.lexer.fail(t, "the name of a metric has 1 to %d bytes", maxName)
	case strings.Contains(t.text, "*"):
		p.lexer.fail(t, "the name of a metric has no %q", "*")
	}
	p.advance()
	p.expect("]")
	return strconv.Quote(t.text)
}

// quantity reads an operand that is a number.
func (p *parser) quantity(depth int) string {
	o := p.operand(depth)
	if o.number == "" && !p.failed() {
		p.lexer.fail(o.at, "expected a number or a metric, found text")
	}
	return o.number
}

func (p *parser) comparison(left operand, operator token, right operand) string {
	equality := operator.text == "==" || operator.text == "!="
	texts := left.literal != nil || right.literal != nil || equality && left.metric && right.metric
	if texts && !equality {
		p.lexer.fail(operator, "texts can be compared by == and != only")
		return ""
	}
	a, b := left.number, right.number
	if texts {
		a, b = left.text, right.text
	}
	if a == "" || b == "" {
		p.lexer.fail(operator, "a number and a text are never equal")
		return ""
	}
	return a + " " + operator.text + " " + b
}

// pattern translates the comparison with a regular expression, which may match anywhere.
func (p *parser) pattern(left operand, operator token, right operand) string {
	switch {
	case right.literal == nil:
		p.lexer.fail(right.at, "%s stands before a text in quotes", operator.text)
		return ""
	case left.text == "":
		p.lexer.fail(left.at, "%s stands after a metric", operator.text)
		return ""
	}
	pattern := *right.literal
	if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
		p.lexer.fail(right.at, "the regular expression %q is not available: %s", shorten(pattern),
			strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		p.lexer.mistake.Help = "look-around and references to groups are not supported"
		return ""
	}
	if !strings.Contains(pattern, ".*") && !strings.HasPrefix(pattern, "^") && !strings.HasSuffix(pattern, "$") {
		p.out.Notices = append(p.out.Notices, Mistake{
			Line: right.at.line, Column: right.at.column, Text: "the regular expression may match anywhere in the text",
			Help: "write ^ before and $ after it if it should match the whole",
		})
	}
	matches := left.text + " matches " + right.text
	if operator.text == "nregex" {
		return "not (" + matches + ")"
	}
	return matches
}
