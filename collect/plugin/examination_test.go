package plugin

import (
	"bytes"
	"syscall"

	"virgo/collect"
)

// An examination is what becomes of one output of a plugin.
type examination struct {
	// Format is the one that was named, or found by looking.
	Format string
	// Report and Err are what the check returns.
	Report collect.Report
	Err    error
	// Faults are all of them (the check itself stops at the first), in the order of their lines. Those of
	// a format that reads on behind a fault stand beside a Report.
	Faults []Fault
}

// examine reads an output as the check does. format is a name of [Formats], or empty to find it by looking;
// code is the exit code, or signal the number of the signal that ended the plugin.
func examine(output []byte, format string, code, signal int) examination {
	f, err := newFormat(format, true)
	if err != nil {
		return examination{Format: format, Err: err}
	}
	e := exit{code: code, signal: signal}
	if signal != 0 {
		e.name = syscall.Signal(signal).String()
	}
	o := newOutput(f)
	o.read(bytes.NewReader(output))
	var x examination
	x.Report, x.Err = f.report(e, o.cut)
	x.Format, x.Faults = f.examined()
	return x
}
