package plugin

// maxFaults is the number of faults kept of one output.
const maxFaults = 1000

// A Fault is an error in one line of a plugin's output.
type Fault struct {
	// Line is the line's number, from 1.
	Line int
	// Text describes the error, without the number.
	Text string
}
