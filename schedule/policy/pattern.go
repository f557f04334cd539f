package policy

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"virgo/schedule/number"
)

// Bounds of what the owner writes.
const (
	maxPatternBytes = 1 << 10
	maxPatterns     = 1000 // in one line of a rule
	maxLines        = 64   // in one rule
	maxRules        = 1000
)

// maxValueBytes bounds the values that are compared with a glob or a regular expression: a longer one
// fits "any" only.
const maxValueBytes = 8 << 10

// A patternKind is how a pattern compares.
type patternKind uint8

const (
	glob patternKind = iota
	anything
	expression
	between
)

// A Pattern is one value of a line in a rule:
//
//	any          every value
//	10..90       a number, inclusive; one side may be absent (10..)
//	/RE/         a regular expression of RE2 that the whole value matches
//	backup-*     a glob: * is any text within one segment of a path or one label of a host name, **
//	             any text across them, and /**/ also a single slash; nothing else is special
//
// The zero value is the glob for the empty text.
type Pattern struct {
	text      string
	kind      patternKind
	low, high float64
	hasLow    bool
	hasHigh   bool
	re        func() *regexp.Regexp
}

// ParsePattern parses the text of a pattern. Its errors do not quote it.
func ParsePattern(text string) (Pattern, error) {
	p := Pattern{text: text}
	switch {
	case len(text) > maxPatternBytes:
		return p, fmt.Errorf("a pattern has more than %d bytes", maxPatternBytes)
	case text == "any":
		p.kind = anything
	case isExpression(text):
		source := text[1 : len(text)-1]
		if err := boundRegexp(source); err != nil {
			return p, err
		}
		p.kind = expression
		p.re = sync.OnceValue(func() *regexp.Regexp {
			re, err := regexp.Compile(`\A(?:` + source + `)\z`)
			if err != nil {
				return nil // boundRegexp has parsed it
			}
			return re
		})
	case p.parseRange():
		p.kind = between
	}
	return p, nil
}

func isExpression(text string) bool {
	return len(text) > 2 && text[0] == '/' && text[len(text)-1] == '/'
}

// parseRange parses LOW..HIGH.
func (p *Pattern) parseRange() bool {
	low, high, ok := strings.Cut(p.text, "..")
	if !ok || low == "" && high == "" {
		return false
	}
	if low != "" {
		if p.low, ok = plainNumber(low); !ok {
			return false
		}
		p.hasLow = true
	}
	if high != "" {
		if p.high, ok = plainNumber(high); !ok {
			return false
		}
		p.hasHigh = true
	}
	return true
}

// plainNumber parses a number of digits, without an exponent: it is what a program that gets the text
// understands as well.
func plainNumber(text string) (float64, bool) {
	if strings.Trim(text, "0123456789.-") != "" {
		return 0, false
	}
	return number.Parse(text)
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// isLiteral reports whether the pattern is the value itself.
func (p Pattern) isLiteral() bool { return p.kind == glob && strings.IndexByte(p.text, '*') < 0 }

// matchText reports whether the pattern matches a text whose segments are separated by sep.
func (p Pattern) matchText(value string, sep byte) bool {
	switch p.kind {
	case anything:
		return true
	case between:
		f, ok := plainNumber(value)
		return ok && (!p.hasLow || f >= p.low) && (!p.hasHigh || f <= p.high)
	}
	if len(value) > maxValueBytes {
		return false
	}
	if p.kind == expression {
		re := p.re()
		return re != nil && re.MatchString(value)
	}
	return matchGlob(p.text, value, sep)
}

// matchDenied is matchText for a rule that denies: letters are compared without case, and a value that
// is too long to be compared fits.
func (p Pattern) matchDenied(value string, sep byte) bool {
	if len(value) > maxValueBytes || p.matchText(value, sep) || p.matchText(strings.TrimSpace(value), sep) {
		return true
	}
	folded := strings.ToLower(strings.TrimSpace(value))
	if p.kind == glob {
		return matchGlob(strings.ToLower(p.text), folded, sep)
	}
	return p.matchText(folded, sep)
}

func matchesAny(patterns []Pattern, match func(Pattern) bool) bool {
	for _, p := range patterns {
		if match(p) {
			return true
		}
	}
	return false
}

// quoteFlow returns a text for a value on one line of YAML, in quotes unless it is a plain word of any
// version and of the plain parser.
func quoteFlow(text string) string {
	if isPlainWord(text) {
		return text
	}
	if strings.ContainsAny(text, "\n\t\x00") {
		return strconv.Quote(text)
	}
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
	// maxPlainDigits is the length of the longest number that is written without quotes.
	maxPlainDigits = 15
)

func isPlainWord(text string) bool {
	if text == "" || strings.Trim(text, letters+digits+"_./-*") != "" || strings.HasSuffix(text, "-") {
		return false
	}
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		return false
	}
	if strings.IndexByte(digits, text[0]) >= 0 { // a number, a range or an address
		return len(text) <= maxPlainDigits && strings.Trim(text, digits+".") == "" &&
			(len(text) == 1 || text[0] != '0')
	}
	return strings.IndexByte(letters+"/", text[0]) >= 0
}

// quoteKey returns a key of a mapping on one line of YAML.
func quoteKey(text string) string {
	if text != "" && strings.Trim(text, letters+digits+"_.-") == "" && strings.IndexByte(letters+"_", text[0]) >= 0 {
		switch strings.ToLower(text) {
		case "true", "false", "null":
		default:
			return text
		}
	}
	return quoteFlow(text)
}
