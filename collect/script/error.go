package script

import "fmt"

// A Kind says why a script failed.
type Kind string

// The kinds of errors. None of them says that what the script watches is down: that is the script's own
// unavailable, and no Error.
const (
	KindLoad         Kind = "load"         // the file does not compile or declare
	KindError        Kind = "error"        // error(), or a mistake at run time
	KindInstructions Kind = "instructions" // limit
	KindCompute      Kind = "compute"      // limit of computing time
	KindOutput       Kind = "output"       // limit of metrics, status or saved values
	KindMemory       Kind = "memory"       // limit
)

// An Error is a script's own failure.
type Error struct {
	Kind      Kind
	File      string
	Line      int // 0: not known
	Text      string
	Traceback string // for a person; may be empty
}

func (e *Error) Error() string {
	switch {
	case e.File == "":
		return e.Text
	case e.Line == 0:
		return e.File + ": " + e.Text
	default:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text)
	}
}
