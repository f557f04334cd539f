package plugin

import (
	"fmt"
	"strings"

	"virgo/schedule"
)

// Limits of a plugin's arguments. Windows accepts 32,767 characters in total, cmd.exe 8,191.
const (
	maxArgs     = 256
	maxArgBytes = 8 << 10 // of all arguments, each with its NUL
)

// parseArgs reads the detail args: a list of strings and numbers, or one string, which
// [schedule.SplitArguments] splits.
func parseArgs(details schedule.Details) ([]string, error) {
	var args []string
	switch v := details["args"].(type) {
	case nil:
		return nil, nil
	case string:
		var err error
		if args, err = schedule.SplitArguments(v); err != nil {
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
