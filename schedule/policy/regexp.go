package policy

import (
	"errors"
	"fmt"
	"regexp/syntax"
)

// maxInstructions bounds a regular expression by the number of instructions that it is compiled to,
// and so, with RE2, the time for each byte of a text.
const maxInstructions = 2000

// errNoExpression is returned for text between slashes that is not a valid regular expression.
var errNoExpression = errors.New("not a regular expression")

// boundRegexp returns why a regular expression is not used: it is invalid, or too large. It neither
// compiles it nor quotes it.
func boundRegexp(source string) error {
	if len(source) > maxPatternBytes {
		return fmt.Errorf("a regular expression has more than %d bytes", maxPatternBytes)
	}
	re, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return errNoExpression
	}
	if instructions(re) > maxInstructions {
		return errors.New("a regular expression repeats too much")
	}
	return nil
}

// isTooLarge reports whether an endpoint's regular expression would cost too much. An invalid one
// costs nothing: the check reports it.
func isTooLarge(source string) bool {
	if len(source) > maxPatternBytes {
		return true
	}
	re, err := syntax.Parse(source, syntax.Perl)
	return err == nil && instructions(re) > maxInstructions
}

// instructions estimates the number of instructions of a parsed expression, up to a little more than
// maxInstructions. The parser bounds the depth.
func instructions(re *syntax.Regexp) int {
	n := 1
	switch re.Op {
	case syntax.OpLiteral:
		n = len(re.Rune)
	case syntax.OpRepeat:
		times := max(re.Min+1, re.Max)
		return min(times*instructions(re.Sub[0]), maxInstructions+1)
	default:
		for _, sub := range re.Sub {
			n += 1 + instructions(sub)
		}
	}
	return min(n, maxInstructions+1)
}

// CheckRegexp returns why a regular expression of somebody else is not used: it is invalid, too long, or its
// time for each byte of a text is not bounded well enough. It neither compiles it nor quotes it.
func CheckRegexp(source string) error { return boundRegexp(source) }
