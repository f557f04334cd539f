package alarm

import (
	"fmt"
	"strings"

	"virgo/schedule/shorttext"
)

// Format returns a rule as an entry of a file that Parse reads as the same rule. One that is an alarm of
// a check has the id without the check's.
func Format(r *Rule) string {
	w := writer{indent: "  "}
	id := r.ID
	if rest, ok := strings.CutPrefix(id, CheckRulePrefix); ok {
		id = rest[strings.LastIndexByte(rest, '/')+1:]
	}
	w.b.WriteString("- alarm: " + quote(id) + "\n")
	w.text("label", r.Label)
	w.lists("checks", []namedList{{"type", r.Checks.Types}, {"id", r.Checks.IDs}})
	w.lists("hosts", []namedList{{"tags", r.Hosts.Tags}, {"not_tags", r.Hosts.NotTags}, {"ids", r.Hosts.IDs}})
	switch r.Each {
	case EachCheck:
		w.line("each", "check")
	case EachHost:
		w.line("each", "host")
	}
	w.cases(r)
	if r.For != (Span{Count: 1}) {
		w.line("for", r.For.String())
	}
	if r.ClearFor != clearFor(r.For) && r.ClearFor != (Span{}) {
		w.line("clear_for", r.ClearFor.String())
	}
	if r.Clear != nil {
		w.text("clear", r.Clear.String())
	}
	w.text("message", r.Message.String())
	if len(r.Notify) > 0 {
		w.line("notify", list(r.Notify))
	}
	if len(r.Escalate) > 0 {
		w.line("escalate", "")
		for _, e := range r.Escalate {
			w.b.WriteString("    - {after: " + Span{Time: e.After}.String() + ", to: " + list(e.To) + "}\n")
		}
	}
	if r.NotifyUnknown {
		w.line("unknown", "notify")
	}
	if r.Disabled {
		w.line("disabled", "true")
	}
	return w.b.String()
}

// A writer writes the fields of an entry.
type writer struct {
	b      strings.Builder
	indent string
}

func (w *writer) line(key, value string) {
	w.b.WriteString(strings.TrimRight(w.indent+key+": "+value, " ") + "\n")
}

func (w *writer) text(key, value string) {
	if value != "" {
		w.line(key, quote(value))
	}
}

type namedList struct {
	key   string
	items []string
}

func (w *writer) lists(key string, lists []namedList) {
	var parts []string
	for _, l := range lists {
		if len(l.items) > 0 {
			parts = append(parts, l.key+": "+list(l.items))
		}
	}
	if len(parts) > 0 {
		w.line(key, "{"+strings.Join(parts, ", ")+"}")
	}
}

// cases writes warning and critical where they say the same, else cases.
func (w *writer) cases(r *Rule) {
	seen := map[State]bool{}
	simple := true
	for i := range r.Cases {
		c := &r.Cases[i]
		simple = simple && !c.written && !seen[c.State] && c.Message.isZero() && (c.State == Warning || c.State == Critical)
		seen[c.State] = true
	}
	if simple {
		for i := range r.Cases {
			w.text(strings.ToLower(r.Cases[i].State.String()), r.Cases[i].When.String())
		}
		return
	}
	w.line("cases", "")
	for i := range r.Cases {
		c := &r.Cases[i]
		w.b.WriteString("    - if: " + quote(c.When.String()) + "\n      state: " + c.State.String() + "\n")
		if !c.Message.isZero() {
			w.b.WriteString("      message: " + quote(c.Message.String()) + "\n")
		}
	}
}

func list(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		quoted[i] = quote(item)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// quote returns a text as YAML: as it is where that is unmistakable, else in quotes.
func quote(text string) string {
	if isWord(text) {
		return text
	}
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || shorttext.Unsafe(r) }) >= 0 {
		return string(shorttext.AppendJSON(nil, text))
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// isWord reports whether a text is letters, digits, "_", "-" and "." and begins with a letter, and is no word
// that YAML takes for something else.
func isWord(text string) bool {
	switch strings.ToLower(text) {
	case "", "true", "false", "null", "yes", "no", "on", "off":
		return false
	}
	if !(text[0] >= 'a' && text[0] <= 'z' || text[0] >= 'A' && text[0] <= 'Z') {
		return false
	}
	return strings.IndexFunc(text, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r))
	}) < 0
}

// FormatSentence returns an entry of a file for a sentence.
func FormatSentence(id, label string, checks CheckMatch, hosts HostMatch, s Sentence) (string, error) {
	if err := CheckID(id); err != nil {
		return "", err
	}
	if s.State != Warning && s.State != Critical {
		return "", fmt.Errorf("a sentence leads to WARNING or CRITICAL, not %v", s.State)
	}
	text, err := s.Expression()
	if err != nil {
		return "", err
	}
	when, err := Compile(text)
	if err != nil {
		return "", err
	}
	r := Rule{
		ID: id, Label: label, Checks: checks, Hosts: hosts, For: s.For, ClearFor: clearFor(s.For),
		Cases: []Case{{When: when, State: s.State}},
	}
	if r.For == (Span{}) {
		r.For = Span{Count: 1}
		r.ClearFor = r.For
	}
	if err := r.finish(); err != nil {
		return "", err
	}
	return Format(&r), nil
}
