package policy

import (
	"encoding/json"
	"errors"
	"fmt"

	"virgo/schedule"
)

// A wireGuard is a guard on its way to another process of this host: the check as the rules see it, with
// the names of the owner's secrets and not their values, and the rules that bind it.
type wireGuard struct {
	Type       string      `json:"type"`
	Fields     []wireField `json:"fields"`
	OptionFile bool        `json:"option_file,omitempty"`
	Bounds     []wireBound `json:"bounds"`
}

type wireField struct {
	Name    string        `json:"name"`
	Role    schedule.Role `json:"role"`
	Text    string        `json:"text,omitempty"`
	Items   []string      `json:"items,omitempty"`
	Entries [][2]string   `json:"entries,omitempty"`
	// Default means that the endpoint did not set it.
	Default bool `json:"default,omitempty"`
}

type wireBound struct {
	Deny  []wireRule `json:"deny,omitempty"`
	Allow wireRule   `json:"allow"`
}

type wireRule struct {
	Keyword Keyword    `json:"keyword,omitempty"`
	Type    []string   `json:"type,omitempty"`
	Lines   []wireLine `json:"lines,omitempty"`
	Deny    bool       `json:"deny,omitempty"`
}

type wireLine struct {
	Name     string     `json:"name"`
	Patterns []string   `json:"patterns,omitempty"`
	Rest     bool       `json:"rest,omitempty"`
	Entries  []wireLine `json:"entries,omitempty"`
	IsObject bool       `json:"object,omitempty"`
}

// MarshalJSON returns the guard for another process of this host.
func (g *Guard) MarshalJSON() ([]byte, error) {
	if g == nil {
		return []byte("null"), nil
	}
	w := wireGuard{Type: g.check.checkType, OptionFile: g.check.optionFile}
	for _, f := range g.check.fields {
		if f.text == "" && f.items == nil && f.entries == nil {
			continue
		}
		field := wireField{Name: f.name, Role: f.role, Text: f.text, Items: f.items, Default: !f.given}
		for _, e := range f.entries {
			field.Entries = append(field.Entries, [2]string{e.name, e.value})
		}
		w.Fields = append(w.Fields, field)
	}
	for _, b := range g.bounds {
		out := wireBound{Allow: toWire(b.allow)}
		for _, r := range b.deny {
			out.Deny = append(out.Deny, toWire(r))
		}
		w.Bounds = append(w.Bounds, out)
	}
	return json.Marshal(w)
}

func toWire(r Rule) wireRule {
	w := wireRule{Keyword: r.Keyword, Deny: r.Deny, Lines: toWireLines(r.Lines)}
	for _, p := range r.Type {
		w.Type = append(w.Type, p.text)
	}
	return w
}

func toWireLines(lines []Line) (all []wireLine) {
	for _, l := range lines {
		w := wireLine{Name: l.Name, Rest: l.Rest, IsObject: l.Entries != nil, Entries: toWireLines(l.Entries)}
		for _, p := range l.Patterns {
			w.Patterns = append(w.Patterns, p.text)
		}
		all = append(all, w)
	}
	return all
}

// errGuard is returned for a guard that MarshalJSON did not write.
var errGuard = errors.New("not a guard")

// UnmarshalJSON reads what MarshalJSON wrote. A guard without a rule is refused: it would allow what none
// allows.
func (g *Guard) UnmarshalJSON(data []byte) error {
	var w wireGuard
	if err := json.Unmarshal(data, &w); err != nil {
		return fmt.Errorf("%w: %w", errGuard, err)
	}
	if len(w.Bounds) == 0 {
		return errGuard
	}
	read := Guard{check: &Effective{checkType: w.Type, optionFile: w.OptionFile}}
	for _, f := range w.Fields {
		field := field{name: f.Name, role: f.Role, items: f.Items, given: !f.Default}
		field.setText(f.Text)
		for _, e := range f.Entries {
			field.entries = append(field.entries, entry{e[0], e[1]})
		}
		read.check.fields = append(read.check.fields, field)
	}
	for _, b := range w.Bounds {
		var in bound
		var err error
		if in.allow, err = b.Allow.rule(); err != nil {
			return err
		}
		for _, r := range b.Deny {
			rule, err := r.rule()
			if err != nil {
				return err
			}
			in.deny = append(in.deny, rule)
		}
		read.bounds = append(read.bounds, in)
	}
	*g = read
	return nil
}

func (w wireRule) rule() (r Rule, err error) {
	r = Rule{Keyword: w.Keyword, Deny: w.Deny}
	if r.Type, err = parsePatterns(w.Type); err != nil {
		return r, err
	}
	r.Lines, err = fromWireLines(w.Lines)
	return r, err
}

func fromWireLines(lines []wireLine) (all []Line, err error) {
	for _, w := range lines {
		l := Line{Name: w.Name, Rest: w.Rest}
		if l.Patterns, err = parsePatterns(w.Patterns); err != nil {
			return nil, err
		}
		if l.Entries, err = fromWireLines(w.Entries); err != nil {
			return nil, err
		}
		if w.IsObject && l.Entries == nil {
			l.Entries = []Line{}
		}
		all = append(all, l)
	}
	return all, nil
}

func parsePatterns(texts []string) (all []Pattern, err error) {
	for _, text := range texts {
		p, err := ParsePattern(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errGuard, err)
		}
		all = append(all, p)
	}
	return all, nil
}
