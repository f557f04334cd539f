package schedule

import (
	"errors"
	"strings"
)

// ErrQuote is returned when a quotation mark is not closed.
var ErrQuote = errors.New("a quotation mark is not closed")

// SplitArguments splits s at blanks, except within '…', which is literal, and "…", in which \" is a
// quotation mark and \\ a backslash. Nothing else is special: variables and patterns are not
// expanded, and a backslash outside "…" is literal, for Windows paths. ” and "" are empty
// arguments.
func SplitArguments(s string) ([]string, error) {
	var (
		args  []string
		arg   strings.Builder
		inArg bool
		quote byte
	)
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case quote == '"' && c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			arg.WriteByte(s[i])
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			arg.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inArg = c, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if inArg {
				args = append(args, arg.String())
				arg.Reset()
				inArg = false
			}
		default:
			arg.WriteByte(c)
			inArg = true
		}
	}
	if quote != 0 {
		return nil, ErrQuote
	}
	if inArg {
		args = append(args, arg.String())
	}
	return args, nil
}
