package plugin

import (
	"errors"
	"strings"

	"virgo/schedule"
)

// Bounds of a plugin's arguments. Windows takes 32,767 characters in all, cmd.exe 8,191.
const (
	maxArgs     = 256
	maxArgBytes = 8 << 10 // of all together
)

// arguments is what the detail args says: a list of texts and numbers, or one text, which is split.
func arguments(details schedule.Details) ([]string, error) {
	var args []string
	switch v := details["args"].(type) {
	case nil:
		return nil, nil
	case string:
		var err error
		if args, err = split(v); err != nil {
			return nil, failed(`detail "args": %v`, err)
		}
	case []string:
		args = v
	case []any:
		for i, item := range v {
			// Text says how a number is written.
			text, ok := schedule.Details{"args": item}.Text("args")
			if !ok {
				return nil, failed(`detail "args": number %d is neither text nor a number`, i+1)
			}
			args = append(args, text)
		}
	default:
		text, ok := details.Text("args") // a single number
		if !ok {
			return nil, failed(`detail "args": neither a list nor a text`)
		}
		args = []string{text}
	}
	n := 0
	for _, a := range args {
		if strings.IndexByte(a, 0) >= 0 {
			return nil, failed(`detail "args": it holds a NUL byte`)
		}
		n += len(a) + 1
	}
	if len(args) > maxArgs || n > maxArgBytes {
		return nil, failed(`detail "args": %d arguments of %d bytes, there may be %d of %d`, len(args), n, maxArgs, maxArgBytes)
	}
	return args, nil
}

var errQuote = errors.New("a quotation mark is not closed")

// split splits a text at blanks. '…' holds what is in it together as it stands; so does "…", where \"
// is a quotation mark and \\ a backslash. Nothing else has a meaning: no variable, no pattern, and a
// backslash outside of "…" is a backslash, as Windows paths want it. Two marks with nothing in between
// are an empty argument.
func split(text string) ([]string, error) {
	var (
		args  []string
		arg   strings.Builder
		inArg bool
		quote byte
	)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '"' && c == '\\' && i+1 < len(text) && (text[i+1] == '"' || text[i+1] == '\\'):
			i++
			arg.WriteByte(text[i])
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
