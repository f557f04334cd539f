package plugin

// maxFaults bounds what is kept of an output that is wrong all over.
const maxFaults = 1000

// A Fault is what is wrong with one line of a plugin's output.
type Fault struct {
	// Line counts from 1.
	Line int
	// Text says what is wrong with it, without the number.
	Text string
}
