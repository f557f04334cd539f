package policy

import (
	"slices"
	"strings"

	"virgo/schedule/capability"
)

// Suggest returns the narrowest grant of what a check in Lua declares and has not. ok is false if
// it lacks nothing, or a grant that denies is why.
func (g Grants) Suggest(c ScriptCheck) (suggested Grant, ok bool) {
	script := c.Definition.Type
	if c.Own {
		return suggested, false
	}
	suggested.Script = []Pattern{literal(script)}
	c.Endpoint = nil // what the endpoint may choose, the rules say
	for _, d := range expandNeeds(c) {
		need := capability.Need{Kind: d.kind, Pattern: d.pattern.text}
		denied := func(p Pattern) bool { return deniesPattern(p, need) }
		if g.canCover(script, need) || g.denies(script, d.kind, denied) {
			continue
		}
		at := slices.IndexFunc(suggested.Lines, func(l Line) bool { return l.Name == string(d.kind) })
		if at < 0 {
			at = len(suggested.Lines)
			suggested.Lines = append(suggested.Lines, Line{Name: string(d.kind)})
		}
		l, p := &suggested.Lines[at], globPattern(d.pattern.text)
		if !slices.ContainsFunc(l.Patterns, func(o Pattern) bool { return o.text == p.text }) {
			l.Patterns = append(l.Patterns, p)
		}
	}
	return suggested, len(suggested.Lines) > 0
}

// globPattern returns the pattern of a grant that means a declared glob.
func globPattern(text string) Pattern {
	p, err := ParsePattern(text)
	if err == nil && p.kind == glob {
		return p
	}
	if strings.IndexByte(text, '*') < 0 {
		return literal(text)
	}
	return Pattern{text: text} // a glob between slashes: the owner is told that it is no expression
}

// Explain returns what a check declares, each with whether the owner lets it have that.
func (g Grants) Explain(c ScriptCheck) (all []ExplainedNeed) {
	c.Endpoint = nil
	for _, d := range expandNeeds(c) {
		e := ExplainedNeed{Need: capability.Need{Kind: d.kind, Pattern: d.pattern.text}, Rule: -1}
		e.Own = c.Own
		for i := range g.Rules {
			one := Grants{g.Rules[i : i+1]}
			if one.denies(c.Definition.Type, e.Need.Kind, func(p Pattern) bool { return deniesPattern(p, e.Need) }) {
				e.Rule, e.Denied = i, true
				break
			}
			if e.Rule < 0 && one.canCover(c.Definition.Type, e.Need) {
				e.Rule = i
			}
		}
		all = append(all, e)
	}
	return all
}

// An ExplainedNeed is what a script declares and whether it has that.
type ExplainedNeed struct {
	Need capability.Need
	// Rule is the index of the grant that decides; -1: none covers it.
	Rule   int
	Denied bool
	// Own means that the script needs no grant, unless one denies.
	Own bool
}

// Granted reports whether the script has it.
func (e ExplainedNeed) Granted() bool { return !e.Denied && (e.Own || e.Rule >= 0) }
