package criteria

import (
	"fmt"
	"strconv"
	"strings"

	"virgo/schedule/shorttext"
)

// Limits of a criteria text.
const (
	MaxBytes = 16 << 10
	MaxRules = 15
	MaxDepth = 16
	MaxCount = 100 // results in succession
	maxName  = 256 // bytes of a metric's name
)

// pingCount is how many results in succession remote.ping waits for where nothing is set.
const pingCount = 3

// A Case is a condition of package alarm, and the state that it leads to.
type Case struct {
	When, State string
	// Message is a template of package alarm.
	Message string
	// Line is where the rule begins, from 1; 0 for the rule about unavailable checks.
	Line int
}

// A Translation is what a criteria text says.
type Translation struct {
	Cases []Case
	// Count is the number of results in succession that change the state; at least 1.
	Count int
	// Notices say what works differently here.
	Notices []Mistake
}

// A Mistake is something in a criteria text, with its place from 1; 0: the text as a whole.
type Mistake struct {
	Line, Column int
	Text, Help   string
}

func (m *Mistake) Error() string { return m.Text }

// Translate translates the criteria of an alarm of a check of that type.
func Translate(criteria, checkType string) (Translation, []Mistake) {
	t := Translation{Count: 1}
	if checkType == "remote.ping" {
		t.Count = pingCount
	}
	t.Cases = []Case{{When: "not available", State: "CRITICAL", Message: "{status}"}}
	if len(criteria) > MaxBytes {
		return t, []Mistake{{Text: fmt.Sprintf("the criteria have %d bytes, at most %d are allowed", len(criteria), MaxBytes)}}
	}
	p := parser{lexer: lexer{rest: criteria, line: 1, column: 1}, out: &t}
	p.advance()
	p.criteria()
	if p.lexer.mistake != nil {
		return t, []Mistake{*p.lexer.mistake}
	}
	return t, nil
}

// fail notes the first mistake.
func (l *lexer) fail(at token, format string, args ...any) {
	if l.mistake == nil {
		l.mistake = &Mistake{Line: at.line, Column: at.column, Text: fmt.Sprintf(format, args...)}
	}
}

// A parser translates while it reads.
type parser struct {
	lexer lexer
	token token
	out   *Translation
}

func (p *parser) advance() { p.token = p.lexer.next() }

func (p *parser) failed() bool { return p.lexer.mistake != nil }

// is reports whether the token is that sign or word.
func (p *parser) is(word string) bool {
	return (p.token.kind == symbol || p.token.kind == name) && p.token.text == word
}

// accept goes on if the token is that sign or word.
func (p *parser) accept(word string) bool {
	if !p.is(word) || p.failed() {
		return false
	}
	p.advance()
	return true
}

func (p *parser) expect(word string) {
	if !p.accept(word) {
		p.unexpected(strconv.Quote(word))
	}
}

func (p *parser) unexpected(want string) {
	found := "the end"
	if p.token.kind != end {
		found = strconv.Quote(shorten(p.token.text))
	}
	p.lexer.fail(p.token, "expected %s, found %s", want, found)
}

func shorten(s string) string { return shorttext.Truncate(shorttext.Sanitize(s), 64) }

func (p *parser) criteria() {
	for p.is(":") && !p.failed() {
		p.setting()
	}
	for p.token.kind != end && !p.failed() {
		start := p.token
		isElse := p.accept("else")
		when := "true"
		braces := true
		switch {
		case p.accept("if"):
			p.expect("(")
			when = p.or(0)
			p.expect(")")
		case !isElse:
			braces = false
		}
		if braces {
			p.expect("{")
		}
		c := p.result()
		for p.accept(";") {
		}
		if braces {
			p.expect("}")
			for p.accept(";") {
			}
		}
		c.When, c.Line = when, start.line
		if len(p.out.Cases) > MaxRules {
			p.lexer.fail(start, "there are more than %d rules", MaxRules)
		}
		if !p.failed() {
			p.out.Cases = append(p.out.Cases, c)
		}
	}
}

func (p *parser) setting() {
	p.expect(":")
	p.expect("set")
	key := p.token
	if key.kind != name {
		p.unexpected("the name of a setting")
	}
	p.advance()
	p.expect("=")
	value := p.token
	if value.kind != name && value.kind != number {
		p.unexpected("a value")
	}
	p.advance()
	p.accept(";")
	if p.failed() {
		return
	}
	switch key.text {
	case "consecutiveCount":
		n, err := strconv.Atoi(value.text)
		if err != nil || n < 1 || n > MaxCount {
			p.lexer.fail(value, "consecutiveCount is a number from 1 to %d", MaxCount)
			return
		}
		p.out.Count = n
	case "consistencyLevel":
		p.out.Notices = append(p.out.Notices, Mistake{
			Line: key.line, Column: key.column, Text: "consistencyLevel has no effect: a check runs in one place here",
		})
	default:
		p.lexer.fail(key, "there is no setting %q", shorten(key.text))
		p.lexer.mistake.Help = "there are consecutiveCount and consistencyLevel"
	}
}

// result reads what a rule returns.
func (p *parser) result() Case {
	c := Case{State: "OK", Message: "{status}"}
	p.expect("return")
	inner := p.accept("new")
	if inner {
		p.expect("AlarmStatus")
		p.expect("(")
	}
	if p.is(";") || p.is("}") || p.token.kind == end && !inner {
		return c
	}
	state := p.token
	if c.State = strings.ToUpper(state.text); state.kind != name || c.State != "OK" && c.State != "WARNING" && c.State != "CRITICAL" {
		p.unexpected("OK, WARNING or CRITICAL")
	}
	p.advance()
	if p.accept(",") {
		if p.token.kind != text {
			p.unexpected("the message in quotes")
		}
		if message := p.message(p.token.text); message != "" {
			c.Message = message
		}
		p.advance()
	}
	if inner {
		p.expect(")")
	}
	return c
}

// message returns a message as a template: #{name} is the last value of a metric.
func (p *parser) message(old string) string {
	var b strings.Builder
	double := strings.NewReplacer("{", "{{", "}", "}}")
	for {
		before, after, found := strings.Cut(old, "#{")
		b.WriteString(double.Replace(before))
		if !found {
			return b.String()
		}
		metric, rest, closed := strings.Cut(after, "}")
		if metric = strings.TrimSpace(metric); !closed || metric == "" || strings.ContainsAny(metric, "{|") {
			b.WriteString("#{{")
			old = after
			continue
		}
		b.WriteString("{last." + metric + "}")
		old = rest
	}
}
