package alarm

import "fmt"

// A State is what a rule says about a host, a check or a part of one.
type State uint8

// The states. They are stored as numbers.
const (
	// OK is a rule none of whose cases is true.
	OK State = iota
	// Warning and Critical are those of the case that is true.
	Warning
	Critical
	// Silent is a host that sends nothing, though it should.
	Silent
	// Unknown is a rule that cannot be judged: a value that it needs is missing.
	Unknown
)

var stateNames = [...]string{"OK", "WARNING", "CRITICAL", "SILENT", "UNKNOWN"}

func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// ParseState reads the name of a state, in capital letters.
func ParseState(name string) (State, error) {
	for i, known := range stateNames {
		if name == known {
			return State(i), nil
		}
	}
	return OK, fmt.Errorf("there is no state %q", name)
}

// Open reports whether a person should look: WARNING, CRITICAL or SILENT.
func (s State) Open() bool { return s == Warning || s == Critical || s == Silent }

// severity orders states by how much they matter to a person, from 0.
var severity = [...]int{OK: 0, Unknown: 1, Warning: 2, Silent: 3, Critical: 4}

// Worse reports whether a state matters more to a person than another.
func (s State) Worse(than State) bool { return severity[s] > severity[than] }
