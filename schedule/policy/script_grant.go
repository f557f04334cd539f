package policy

import (
	"crypto/sha256"
	"encoding/hex"

	"virgo/schedule/capability"
)

// Declared is the grant of whatever a script declares: trust in those who sign scripts.
const Declared Keyword = "declared"

// A Grant lets some scripts use something, or forbids it. What scripts of an endpoint's checks may
// be told, the rules for checks say; grants say what a script may do whoever asked for it.
type Grant struct {
	// Keyword is [Figures] or [Declared], which have nothing else.
	Keyword Keyword
	// Script are the types of scripts, of which one must match.
	Script []Pattern
	// Lines are what the scripts may use; their names are those of [capability.Kinds].
	Lines []Line
	// Deny means that the scripts may not use it, whatever else is granted, also those of the
	// owner's folder. A grant that denies and has no lines denies everything.
	Deny bool
	// Row is the line of the configuration, from 1; 0: unknown.
	Row int
}

// Grants are what the owner of a host lets scripts use: what one of them grants and none denies, in any
// order. The zero value grants nothing.
type Grants struct{ Rules []Grant }

// DefaultGrants returns the grants of an owner who says nothing: figures only.
func DefaultGrants() Grants { return Grants{[]Grant{{Keyword: Figures}}} }

// appliesTo reports whether the grant is for a script.
func (g *Grant) appliesTo(script string) bool {
	r := Rule{Keyword: g.Keyword, Type: g.Script, Deny: g.Deny}
	return r.appliesTo(script)
}

// String returns the grant on one line, in the form in which it can stand in the configuration.
func (g Grant) String() string {
	if g.Keyword != "" {
		return string(g.Keyword)
	}
	return onOneLine("script", g.Script, g.Lines, g.Deny)
}

// Hash identifies what is granted.
func (g Grants) Hash() string {
	h := sha256.New()
	for i := range g.Rules {
		h.Write([]byte(g.Rules[i].String() + "\n"))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// grants reports whether some grant lets a script have something that it declares. matches compares
// it with a pattern of a grant.
func (g Grants) grants(script string, kind capability.Kind, matches func(Pattern) bool) bool {
	for i := range g.Rules {
		if g.Rules[i].grants(script, kind, matches) {
			return true
		}
	}
	return false
}

func (g *Grant) grants(script string, kind capability.Kind, matches func(Pattern) bool) bool {
	switch {
	case g.Deny || !g.appliesTo(script):
		return false
	case g.Keyword == Declared:
		return true
	case g.Keyword == Figures:
		return kind == capability.Figures
	}
	for i := range g.Lines {
		if g.Lines[i].Name == string(kind) && matchesAny(g.Lines[i].Patterns, matches) {
			return true
		}
	}
	return false
}

// denies reports whether some grant forbids a script something of a kind.
func (g Grants) denies(script string, kind capability.Kind, matches func(Pattern) bool) bool {
	for i := range g.Rules {
		r := &g.Rules[i]
		if !r.Deny || !r.appliesTo(script) {
			continue
		}
		if len(r.Lines) == 0 {
			return true
		}
		for j := range r.Lines {
			if r.Lines[j].Name == string(kind) && matchesAny(r.Lines[j].Patterns, matches) {
				return true
			}
		}
	}
	return false
}

// GrantsOf returns the indexes in Rules of the grants that are for a script, those that deny too.
func (g Grants) GrantsOf(script string) (at []int) {
	for i := range g.Rules {
		if g.Rules[i].appliesTo(script) {
			at = append(at, i)
		}
	}
	return at
}
