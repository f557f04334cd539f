package plugin

import (
	"fmt"
	"strings"

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

// An examinable format also says, after its report, which one it is and what was wrong with which line.
type examinable interface {
	format
	examined() (name string, faults []Fault)
}

// Formats are the names that the detail format takes.
func Formats() []string {
	return []string{"virgo", "nagios", "checkmk", "prometheus", "influx", "json"}
}

// newFormat is a new reader of the format of that name; of an empty name, one that finds out. all has it
// keep every fault instead of the first.
func newFormat(name string, all bool) (examinable, error) {
	r := reading{all: all}
	switch name {
	case "":
		return &looking{all: all}, nil
	case "virgo":
		return &virgoFormat{reading: r}, nil
	case "nagios":
		return &nagiosFormat{reading: r}, nil
	case "checkmk":
		return &checkmkFormat{reading: r}, nil
	case "prometheus":
		return &prometheusFormat{reading: r}, nil
	case "influx":
		return &influxFormat{reading: r}, nil
	case "json":
		return &jsonFormat{reading: r}, nil
	}
	return nil, failed(`detail "format": unknown format %.64q, there are: %s`, name, strings.Join(Formats(), ", "))
}

// formatNamed is a new reader of the format that the details name.
func formatNamed(details schedule.Details) (format, error) {
	if absent(details, "format") {
		return newFormat("", false)
	}
	name, ok := details.Text("format")
	if !ok {
		return nil, &schedule.DetailError{Key: "format", Value: "a list or an object", Want: "the name of a format"}
	}
	return newFormat(name, false)
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
