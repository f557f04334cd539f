package policy

import (
	"fmt"
	"strings"

	"virgo/schedule/capability"
	"virgo/schedule/shorttext"
)

// An UndeclaredError is returned for what a script is about to use and does not declare: the
// script's own mistake, whatever its host's owner grants.
type UndeclaredError struct {
	Script string
	Need   capability.Need
}

func (e *UndeclaredError) Error() string {
	what := shorttext.Truncate(shorttext.Sanitize(e.Need.Pattern), maxShownValue)
	return fmt.Sprintf("%s uses %s %q, which it does not declare", e.Script, nounOf(e.Need.Kind), what)
}

// nounOf returns the word for one thing of a kind.
func nounOf(k capability.Kind) string {
	switch k {
	case capability.Files:
		return "file"
	case capability.Programs:
		return "program"
	case capability.Unix:
		return "socket"
	case capability.HTTP:
		return "URL"
	case capability.DNS:
		return "name"
	case capability.Figures:
		return "figures"
	}
	return strings.ToUpper(string(k))
}

// refuseScript returns the error for what the owner does not let a script use. why is empty where
// no grant is for it.
func refuseScript(script string, need capability.Need, why string) *RefusedError {
	return &RefusedError{Type: script, Field: string(need.Kind), Value: need.Pattern, Why: why}
}
