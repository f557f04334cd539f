package plugin

import (
	"fmt"

	"virgo/collect"
	"virgo/schedule"
)

// A format parses the output of one run of a plugin.
type format interface {
	// line parses the next line, without its LF or CRLF. The bytes are valid until it returns.
	line(text []byte)
	// partial parses the last line of a truncated output, which is incomplete.
	partial(text []byte)
	// report returns the report; it is called last. truncated means that the output was longer than
	// the part that was read.
	report(e exit, truncated bool) (collect.Report, error)
}

// A diagnoser also returns, after its report, the format's name and the faults of the output.
type diagnoser interface {
	format
	diagnosis() (name string, faults []Fault)
}

// Formats returns the valid values of the detail format.
func Formats() []string {
	return []string{"virgo", "nagios", "checkmk", "prometheus", "influx", "json"}
}

// newFormat returns the format of that name, or one that detects the format where name is empty. It
// stops at the first fault unless allFaults is set.
func newFormat(name string, allFaults bool) (diagnoser, error) {
	if name == "" {
		return &detector{allFaults: allFaults}, nil
	}
	name, err := schedule.ParseChoice("format", name, Formats())
	if err != nil {
		return nil, err
	}
	p := parser{allFaults: allFaults}
	switch name {
	case "virgo":
		return &virgoFormat{parser: p}, nil
	case "nagios":
		return &nagiosFormat{parser: p}, nil
	case "checkmk":
		return &checkmkFormat{parser: p}, nil
	case "prometheus":
		return &prometheusFormat{parser: p}, nil
	case "influx":
		return &influxFormat{parser: p}, nil
	default:
		return &jsonFormat{parser: p}, nil
	}
}

// formatFromDetails returns the format that the details name.
func formatFromDetails(details schedule.Details) (format, error) {
	if isAbsent(details, "format") {
		return newFormat("", false)
	}
	name, ok := details.Text("format")
	if !ok {
		return nil, &schedule.DetailError{Key: "format", Value: "a list or an object", Want: "the name of a format"}
	}
	return newFormat(name, false)
}

// A failure is an error whose text is the status of a result: a sentence for people, some of them
// fixed by CHECKS.md.
type failure string

func (f failure) Error() string { return string(f) }

// failuref returns a failure, formatted as by fmt.Sprintf.
func failuref(form string, args ...any) error { return failure(fmt.Sprintf(form, args...)) }

// An exit describes how a plugin's process ended.
type exit struct {
	code   int    // 0 where a signal ended it
	signal int    // the signal's number, or 0
	name   string // the signal's name as the system describes it
}

// fault describes an exit by a signal or with another code than 0; else it is empty.
func (e exit) fault() string {
	switch {
	case e.signal != 0:
		return fmt.Sprintf("Plugin was ended by signal %d (%s)", e.signal, e.name)
	case e.code != 0:
		return fmt.Sprintf("Plugin exited with non-zero status code (code=%d)", e.code)
	}
	return ""
}
