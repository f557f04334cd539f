package lint

import (
	"fmt"
	"slices"
	"strings"

	"virgo/schedule/capability"
)

// Declares reports whether one of the patterns that a script declares may cover a value.
func Declares(kind capability.Kind, patterns []string, value string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return fits(kind, p, value) })
}

// fits reports whether a declared pattern may cover a value: * within one part, ** across parts,
// and ${detail} for anything, as it is not known here.
func fits(kind capability.Kind, pattern, value string) bool {
	separator := byte('/')
	switch kind {
	case capability.TCP, capability.UDP, capability.DNS, capability.Figures:
		separator = '.'
	case capability.HTTP: // as the policy judges it: a query is covered by one, or by ** at the end
		if strings.Contains(value, "?") && !strings.Contains(pattern, "?") && !strings.HasSuffix(expand(pattern), "**") {
			return false
		}
	case capability.Programs: // declared with sudo, and found in any folder
		pattern = strings.TrimPrefix(pattern, "sudo ")
		value = strings.TrimPrefix(value, "sudo ")
	}
	return glob(expand(pattern), value, separator)
}

// expand replaces each ${detail} by **.
func expand(pattern string) string {
	for {
		before, rest, found := strings.Cut(pattern, "${")
		_, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return pattern
		}
		pattern = before + "**" + after
	}
}

// glob matches by one position to go back to for * and one for **: its steps are at most the
// product of the lengths.
func glob(pattern, value string, separator byte) bool {
	p, v := 0, 0
	type mark struct{ p, v int }
	star, stars := mark{-1, 0}, mark{-1, 0}
	for v < len(value) || p < len(pattern) {
		switch {
		case strings.HasPrefix(pattern[p:], "**"):
			stars, star = mark{p, v}, mark{-1, 0}
			p += 2
			continue
		case p < len(pattern) && pattern[p] == '*':
			star = mark{p, v}
			p++
			continue
		case p < len(pattern) && v < len(value) && pattern[p] == value[v]:
			p++
			v++
			continue
		}
		switch {
		case star.p >= 0 && star.v < len(value) && value[star.v] != separator:
			star.v++
			p, v = star.p+1, star.v
		case stars.p >= 0 && stars.v < len(value):
			stars.v++
			star = mark{-1, 0}
			p, v = stars.p+2, stars.v
		default:
			return false
		}
	}
	return true
}

func plural(n int, word string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, word)
	}
	return fmt.Sprintf("%d %ss", n, word)
}
