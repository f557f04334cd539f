package plugin

import (
	"bytes"
	"syscall"

	"virgo/collect"
)

// An outcome is the result of parsing one output.
type outcome struct {
	// Format is the format that was named or detected.
	Format string
	// Report and Err are the check's.
	Report collect.Report
	Err    error // Faults are all faults, while the check stops at the first. The format nagios has them beside a Report.
	Faults []Fault
}

// parseOutput parses an output as the check does. format is one of [Formats], or empty to detect
// it. signal is the number of the signal that ended the plugin; where it is 0, code is the exit
// code.
func parseOutput(output []byte, format string, code, signal int) outcome {
	f, err := newFormat(format, true)
	if err != nil {
		return outcome{Format: format, Err: err}
	}
	e := exit{code: code, signal: signal}
	if signal != 0 {
		e.name = syscall.Signal(signal).String()
	}
	o := newOutput(f)
	o.read(bytes.NewReader(output))
	var x outcome
	x.Report, x.Err = f.report(e, o.truncated)
	x.Format, x.Faults = f.diagnosis()
	return x
}
