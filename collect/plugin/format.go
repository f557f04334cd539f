package plugin

import (
	"fmt"

	"virgo/collect"
	"virgo/schedule"
)

// A format reads what one run of a plugin prints. It is used for one run only.
type format interface {
	// line takes one line without its end (LF or CRLF), in order. The bytes are valid until it returns.
	line(text []byte)
	// partial takes the beginning of a last line whose rest was cut.
	partial(text []byte)
	// report is what the lines and the exit come to, once all is read. cut says that not all was.
	report(e exit, cut bool) (collect.Report, error)
}

// formatNamed is a new reader of the format that the details name.
func formatNamed(details schedule.Details) (format, error) {
	if absent(details, "format") {
		return new(virgoFormat), nil
	}
	name, _ := details.Text("format")
	if name != "virgo" {
		return nil, failed(`detail "format": unknown format %.64q, there is: virgo`, name)
	}
	return new(virgoFormat), nil
}

// A failure is a status as a person reads it in a result: a sentence with a capital letter, and to the
// letter where CHECKS.md names it.
type failure string

func (f failure) Error() string { return string(f) }

// failed is a failure in the form of fmt.Sprintf.
func failed(form string, args ...any) error { return failure(fmt.Sprintf(form, args...)) }

// An exit is how a plugin's process ended.
type exit struct {
	code   int    // exit code, 0 where a signal ended it
	signal int    // number of that signal, or 0
	name   string // that signal's name in the system's words
}

// fault is what the exit alone says went wrong; empty where nothing did.
func (e exit) fault() string {
	switch {
	case e.signal != 0:
		return fmt.Sprintf("Plugin was ended by signal %d (%s)", e.signal, e.name)
	case e.code != 0:
		return fmt.Sprintf("Plugin exited with non-zero status code (code=%d)", e.code)
	}
	return ""
}
