package intake

import (
	"errors"
	"fmt"
)

// ErrDamaged is returned when the file of a store is damaged. After it, Append stores nothing until the
// process is started anew: what is written beside damage may be lost with it.
var ErrDamaged = errors.New("the store is damaged")

// An UnreadError is returned by History.Results after it called fn for every result that can be read, if
// there are others. It wraps ErrDamaged.
type UnreadError struct {
	// Results is the number of results that cannot be read, whatever the filter; -1 if it is unknown.
	Results int64
	// Err is the first error of reading.
	Err error
}

func (e *UnreadError) Error() string {
	what := fmt.Sprintf("%d stored results cannot be read", e.Results)
	switch e.Results {
	case -1:
		what = "an unknown number of stored results cannot be read"
	case 1:
		what = "1 stored result cannot be read"
	}
	return what + ": " + e.Err.Error()
}

func (e *UnreadError) Unwrap() error { return e.Err }
