package policy

import (
	"slices"
	"strings"
)

// A Keyword is a rule of one word.
type Keyword string

// The keywords.
const (
	// Figures are the types that read this kernel's own figures.
	Figures Keyword = "figures"
	// All allows everything, as agents without a policy do.
	All Keyword = "all"
	// Scripts are checks in Lua, as long as no detail chooses what is opened, run or connected to: see scripts.go.
	Scripts Keyword = "scripts"
)

// A Rule allows or denies some checks.
type Rule struct {
	// Keyword is set for figures, scripts and all, which have nothing else.
	Keyword Keyword
	// Type are the names of the types of checks, of which one must match.
	Type []Pattern
	// Lines are the details that the rule names.
	Lines []Line
	// Deny means that the rule forbids what fits.
	Deny bool
	// Row is the line of the configuration, from 1; 0: unknown.
	Row int
}

// A Line says what the value of a detail may be.
type Line struct {
	Name string
	// Patterns are the values of which one must match. For arguments (a detail of that role), each
	// of them is for one argument, in order.
	Patterns []Pattern
	// Rest means that further arguments may follow: "any..." at the end.
	Rest bool
	// Entries are the entries of an object, such as headers, each with its patterns; nil: any object.
	Entries []Line
}

// restWord stands at the end of the patterns of arguments.
const restWord = "any..."

// appliesTo reports whether the rule is for a type of checks.
func (r *Rule) appliesTo(checkType string) bool {
	if r.Keyword != "" {
		return true
	}
	return matchesAny(r.Type, func(p Pattern) bool {
		if r.Deny {
			return p.matchDenied(checkType, '.')
		}
		return p.matchText(checkType, '.')
	})
}

// line returns the line for a detail; nil if there is none.
func (r *Rule) line(name string) *Line {
	if i := slices.IndexFunc(r.Lines, func(l Line) bool { return l.Name == name }); i >= 0 {
		return &r.Lines[i]
	}
	return nil
}

// String returns the rule on one line, in the form in which it can stand in the configuration.
func (r *Rule) String() string {
	if r.Keyword != "" {
		return string(r.Keyword)
	}
	return onOneLine("type", r.Type, r.Lines, r.Deny)
}

// onOneLine returns a rule or a grant that is not a keyword. key says what it is for.
func onOneLine(key string, of []Pattern, lines []Line, deny bool) string {
	var b strings.Builder
	b.WriteString("{" + key + ": ")
	b.WriteString(patternTexts(of, false))
	for i := range lines {
		b.WriteString(", ")
		lines[i].write(&b)
	}
	if deny {
		b.WriteString(", deny: true")
	}
	b.WriteByte('}')
	return b.String()
}

func (l *Line) write(b *strings.Builder) {
	b.WriteString(quoteKey(l.Name))
	b.WriteString(": ")
	if l.Entries == nil {
		b.WriteString(patternTexts(l.Patterns, l.Rest))
		return
	}
	b.WriteByte('{')
	for i := range l.Entries {
		if i > 0 {
			b.WriteString(", ")
		}
		l.Entries[i].write(b)
	}
	b.WriteByte('}')
}

func patternTexts(patterns []Pattern, rest bool) string {
	if len(patterns) == 1 && !rest {
		return quoteFlow(patterns[0].text)
	}
	texts := make([]string, 0, len(patterns)+1)
	for _, p := range patterns {
		texts = append(texts, quoteFlow(p.text))
	}
	if rest {
		texts = append(texts, restWord)
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// AnyPlugin returns the rule that allows every plugin of the plugin folder, with any arguments.
func AnyPlugin() Rule {
	anyValue := []Pattern{{text: "any", kind: anything}}
	return Rule{Type: []Pattern{{text: "agent.plugin"}}, Lines: []Line{
		{Name: "file", Patterns: anyValue}, {Name: "args", Rest: true}, {Name: "format", Patterns: anyValue},
	}}
}
