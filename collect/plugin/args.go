package plugin

import (
	"errors"
	"fmt"
	"strings"

	"virgo/schedule"
)

// Limits of a plugin's arguments. Windows accepts 32,767 characters in total, cmd.exe 8,191.
const (
	maxArgs     = 256
	maxArgBytes = 8 << 10 // of all arguments, each with its NUL
)

// parseArgs reads the detail args: a list of strings and numbers, or one string, which [splitArgs]
// splits.
func parseArgs(details schedule.Details) ([]string, error) {
	var args []string
	switch v := details["args"].(type) {
	case nil:
		return nil, nil
	case string:
		var err error
		if args, err = splitArgs(v); err != nil {
			return nil, failuref(`detail "args": %v`, err)
		}
	case []string:
		args = v
	case []any:
		for i, item := range v {
			text, ok := schedule.Details{"args": item}.Text("args")
			if !ok {
				return nil, &schedule.DetailError{
					Key: "args", Value: fmt.Sprintf("a list whose item %d is neither a text nor a number", i+1), Want: "a list of texts",
				}
			}
			args = append(args, text)
		}
	default:
		text, ok := details.Text("args") // a single number
		if !ok {
			return nil, &schedule.DetailError{Key: "args", Value: "an object", Want: "a list or a text"}
		}
		args = []string{text}
	}
	n := 0
	for _, a := range args {
		if strings.IndexByte(a, 0) >= 0 {
			return nil, failuref(`detail "args": a NUL byte is not allowed`)
		}
		n += len(a) + 1
	}
	if len(args) > maxArgs || n > maxArgBytes {
		return nil, failuref(`detail "args": %d arguments of %d bytes, the limits are %d and %d`,
			len(args), n, maxArgs, maxArgBytes)
	}
	return args, nil
}

// errQuote is returned when a quotation mark is not closed.
var errQuote = errors.New("a quotation mark is not closed")

// splitArgs splits s at blanks, except within '…', which is literal, and "…", in which \" is a
// quotation mark and \\ a backslash. Nothing else is special: variables and patterns are not
// expanded, and a backslash outside "…" is literal, for Windows paths. ” and "" are empty
// arguments.
func splitArgs(s string) ([]string, error) {
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
		return nil, errQuote
	}
	if inArg {
		args = append(args, arg.String())
	}
	return args, nil
}
