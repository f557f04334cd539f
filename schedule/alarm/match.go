package alarm

import (
	"slices"
	"strings"
)

// A CheckMatch selects checks: those whose type and id each match one of the patterns. An empty list
// matches all. In a pattern, "*" stands for any text and "?" for one character.
type CheckMatch struct {
	Types, IDs []string
}

// Match reports whether a check is selected.
func (m CheckMatch) Match(checkType, id string) bool {
	return (len(m.Types) == 0 || matchAny(m.Types, checkType)) && (len(m.IDs) == 0 || matchAny(m.IDs, id))
}

// A HostMatch selects hosts: those that have one of Tags, none of NotTags, and whose id or name matches
// one of IDs. An empty list excludes nobody.
type HostMatch struct {
	Tags, NotTags, IDs []string
}

// Match reports whether a host is selected.
func (m HostMatch) Match(h *Host) bool {
	has := func(tag string) bool { return slices.Contains(h.Tags, tag) }
	return (len(m.Tags) == 0 || slices.ContainsFunc(m.Tags, has)) && !slices.ContainsFunc(m.NotTags, has) &&
		(len(m.IDs) == 0 || matchAny(m.IDs, h.ID) || matchAny(m.IDs, h.Name))
}

// Specificity orders selections: 2 names hosts, 1 names tags, 0 is for all. Of two overrides of a rule
// the more specific one counts.
func (m HostMatch) Specificity() int {
	switch {
	case len(m.IDs) > 0:
		return 2
	case len(m.Tags)+len(m.NotTags) > 0:
		return 1
	}
	return 0
}

func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchGlob(p, name) })
}

// matchGlob reports whether a name matches a pattern. It takes at most the product of their lengths.
func matchGlob(pattern, name string) bool {
	star, from := -1, 0 // the last "*", and where the text that it stands for begins
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p, n = p+1, n+1
		case star >= 0:
			from++
			p, n = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
