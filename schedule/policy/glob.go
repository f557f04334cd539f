package policy

import "strings"

// matchGlob reports whether a glob matches the whole text. It keeps the set of places in the pattern
// that the text so far can have reached, so that it takes at most len(pattern) × len(text) steps,
// whatever both are.
func matchGlob(pattern, text string, sep byte) bool {
	if strings.IndexByte(pattern, '*') < 0 {
		return pattern == text
	}
	fixed := strings.IndexByte(pattern, '*')
	if len(text) < fixed || text[:fixed] != pattern[:fixed] {
		return false
	}
	g := newGlob(pattern, fixed, sep)
	now, next := make([]bool, len(g)+1), make([]bool, len(g)+1)
	g.enter(now, 0)
	for i := fixed; i < len(text); i++ {
		clear(next)
		alive := false
		for at, here := range now[:len(g)] {
			if here && g.step(next, at, text[i], sep) {
				alive = true
			}
		}
		if !alive {
			return false
		}
		now, next = next, now
	}
	return now[len(g)]
}

// A globToken is one place in a glob: a byte, * (segment), ** (across), or what stands between the two
// slashes of /**/: folders, entered and inside, which end with a slash or are absent.
type globToken struct {
	kind globKind
	b    byte
}

type globKind uint8

const (
	oneByte globKind = iota
	segment
	across
	folders
	inFolders
)

type globTokens []globToken

// newGlob parses a glob from a place on.
func newGlob(pattern string, from int, sep byte) globTokens {
	g := make(globTokens, 0, len(pattern)-from)
	for i := from; i < len(pattern); i++ {
		if pattern[i] != '*' {
			g = append(g, globToken{oneByte, pattern[i]})
			continue
		}
		stars := i
		for stars < len(pattern) && pattern[stars] == '*' {
			stars++
		}
		switch {
		case stars-i == 1:
			g = append(g, globToken{kind: segment})
		case i > 0 && pattern[i-1] == sep && stars < len(pattern) && pattern[stars] == sep:
			g = append(g, globToken{kind: folders}, globToken{kind: inFolders})
			stars++ // the second slash
		default:
			g = append(g, globToken{kind: across})
		}
		i = stars - 1
	}
	return g
}

// enter marks a place as reached, with those that need no further byte.
func (g globTokens) enter(set []bool, at int) {
	for {
		if set[at] {
			return
		}
		set[at] = true
		if at == len(g) {
			return
		}
		switch g[at].kind {
		case segment, across:
			at++
		case folders:
			g.enter(set, at+2)
			at++
		default:
			return
		}
	}
}

// step marks the places that one more byte reaches from a place, and reports whether there are any.
func (g globTokens) step(next []bool, at int, b, sep byte) bool {
	switch g[at].kind {
	case oneByte:
		if g[at].b != b {
			return false
		}
		g.enter(next, at+1)
	case segment:
		if b == sep {
			return false
		}
		g.enter(next, at)
	case across:
		g.enter(next, at)
	case folders: // its two ways are marked by enter
		return false
	case inFolders:
		g.enter(next, at)
		if b == sep {
			g.enter(next, at+1)
		}
	}
	return true
}
