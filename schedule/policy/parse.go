package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"virgo/schedule/yaml"
)

// The keys of remote.
const (
	checksKey       = "checks"
	questionsKey    = "questions"
	hostInfoKey     = "host_info"
	hostInfoDenyKey = "host_info_deny"
)

// The keys of a rule that are no details.
const (
	typeKey = "type"
	denyKey = "deny"
)

// maxNameBytes bounds the names of types, details and secrets.
const maxNameBytes = 256

// ParseRemote parses the value of remote in virgo.yaml into p, whose parts keep their value where the file
// does not have them. file is its name. Error: *[yaml.Error], of the first mistake; p then allows nothing.
func (p *Policy) ParseRemote(file string, n yaml.Node) error {
	err := parser{file}.remote(p, n)
	if err != nil {
		*p = *Nothing()
	}
	return err
}

// ParseRules parses a list of rules, as below checks or a secret's allow. Error: *[yaml.Error].
func ParseRules(file string, n yaml.Node) ([]Rule, error) { return parser{file}.rules(n) }

// A parser parses the tree of a file.
type parser struct{ file string }

func (p parser) mistake(n yaml.Node, text, help string) error {
	return &yaml.Error{File: p.file, Line: n.Line, Text: text, Help: help}
}

func (p parser) remote(into *Policy, n yaml.Node) error {
	if n.Kind == yaml.Null {
		return nil
	}
	if n.Kind != yaml.Map {
		return p.mistake(n, "remote: expected checks, questions and host_info, found "+n.Kind.String(), "")
	}
	for _, f := range n.Fields {
		var err error
		switch f.Key {
		case checksKey:
			into.Checks, err = p.rules(f.Value)
		case questionsKey:
			into.Questions, err = p.questions(f.Value)
		case hostInfoKey:
			into.HostInfo, err = p.names("remote: "+f.Key, f.Value)
		case hostInfoDenyKey:
			into.HostInfoDeny, err = p.names("remote: "+f.Key, f.Value)
		default:
			err = yaml.UnknownKey(p.file, f, []string{checksKey, questionsKey, hostInfoKey, hostInfoDenyKey})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// questions parses the list of questions; "none" alone is an empty list.
func (p parser) questions(n yaml.Node) ([]string, error) {
	names, err := p.names("remote: questions", n)
	if len(names) == 1 && names[0] == "none" {
		return []string{}, err
	}
	for _, name := range names {
		if !slices.Contains(Questions(), name) {
			return nil, p.mistake(n, fmt.Sprintf("remote: questions: %.64q is not a known request", name),
				"use "+strings.Join(Questions(), ", ")+", or none")
		}
	}
	return names, err
}

// names parses one name or a list of names, of which there may be none.
func (p parser) names(where string, n yaml.Node) ([]string, error) {
	items := []yaml.Node{n}
	if n.Kind == yaml.List {
		items = n.Items
	}
	names := make([]string, 0, len(items))
	for _, item := range items {
		if item.Kind != yaml.Text || item.Text == "" || len(item.Text) > maxNameBytes {
			return nil, p.mistake(item, where+": expected a name or a list of names, found "+item.Kind.String(), "")
		}
		names = append(names, item.Text)
	}
	if len(names) > maxPatterns {
		return nil, p.mistake(n, fmt.Sprintf("%s: more than %d names", where, maxPatterns), "")
	}
	return names, nil
}

func (p parser) rules(n yaml.Node) ([]Rule, error) {
	items := []yaml.Node{n}
	switch n.Kind {
	case yaml.List:
		items = n.Items
	case yaml.Null:
		return nil, p.mistake(n, "checks: expected a list of rules, found nothing", "[] allows no check, figures is the default")
	}
	if len(items) > maxRules {
		return nil, p.mistake(n, fmt.Sprintf("more than %d rules", maxRules), "")
	}
	rules := make([]Rule, 0, len(items))
	for _, item := range items {
		r, err := p.rule(item)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func (p parser) rule(n yaml.Node) (Rule, error) {
	r := Rule{Row: n.Line}
	switch {
	case n.Kind == yaml.Text && (Keyword(n.Text) == Figures || Keyword(n.Text) == Scripts || Keyword(n.Text) == All):
		r.Keyword = Keyword(n.Text)
		return r, nil
	case n.Kind != yaml.Map:
		return r, p.mistake(n, "expected figures, scripts, all or a rule with a type, found "+n.Kind.String(), "for example {type: agent.plugin, file: backup-*}")
	case len(n.Fields) > maxLines:
		return r, p.mistake(n, fmt.Sprintf("a rule has more than %d lines", maxLines), "")
	}
	for _, f := range n.Fields {
		var err error
		switch f.Key {
		case typeKey:
			r.Type, _, err = p.patterns(f.Key, f.Value, false)
			if err == nil && len(r.Type) == 0 {
				err = p.mistake(f.Value, "type: no type", "for example type: agent.plugin")
			}
		case denyKey:
			r.Deny, err = p.truth(f)
		default:
			var l Line
			l, err = p.line(f)
			r.Lines = append(r.Lines, l)
		}
		if err != nil {
			return r, err
		}
	}
	if r.Type == nil {
		return r, p.mistake(n, "a rule has no type", "for example {type: agent.plugin, file: backup-*}")
	}
	return r, nil
}

func (p parser) truth(f yaml.Field) (bool, error) {
	if f.Value.Kind == yaml.Bool {
		return strings.EqualFold(f.Value.Text, "true"), nil
	}
	return false, p.mistake(f.Value, f.Key+": expected true or false, found "+f.Value.Kind.String(), "")
}

func (p parser) line(f yaml.Field) (l Line, err error) {
	if len(f.Key) > maxNameBytes {
		return l, p.mistake(f.Value, "a name is too long", "")
	}
	l.Name = f.Key
	if f.Value.Kind != yaml.Map {
		l.Patterns, l.Rest, err = p.patterns(f.Key, f.Value, true)
		return l, err
	}
	l.Entries = make([]Line, 0, len(f.Value.Fields))
	for _, below := range f.Value.Fields {
		entry := Line{Name: below.Key}
		if entry.Patterns, _, err = p.patterns(f.Key+": "+below.Key, below.Value, false); err != nil {
			return l, err
		}
		l.Entries = append(l.Entries, entry)
	}
	return l, nil
}

// patterns parses a pattern or a list of patterns. Where rest is allowed, "any..." may be the last one.
func (p parser) patterns(where string, n yaml.Node, restAllowed bool) (patterns []Pattern, rest bool, err error) {
	items := []yaml.Node{n}
	if n.Kind == yaml.List {
		items = n.Items
	}
	if len(items) > maxPatterns {
		return nil, false, p.mistake(n, fmt.Sprintf("%s: more than %d patterns", where, maxPatterns), "")
	}
	patterns = make([]Pattern, 0, len(items))
	for i, item := range items {
		switch item.Kind {
		case yaml.Text, yaml.Number, yaml.Bool:
		default:
			return nil, false, p.mistake(item, where+": expected a pattern or a list of patterns, found "+item.Kind.String(), "any is for every value, '' for none")
		}
		if item.Text == restWord && restAllowed && i == len(items)-1 {
			return patterns, true, nil
		}
		pattern, err := ParsePattern(item.Text)
		if err != nil {
			return nil, false, p.mistake(item, where+": "+err.Error(), patternHint(err))
		}
		patterns = append(patterns, pattern)
	}
	return patterns, false, nil
}

// patternHint returns the next step for a mistake in a pattern.
func patternHint(err error) string {
	if errors.Is(err, errNoExpression) {
		return "what stands between two slashes is a regular expression; a path has no slash at its end"
	}
	return ""
}
