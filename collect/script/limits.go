package script

import "time"

// Limits are those of one check in Lua. They are part of the settings that the script process is
// started with.
type Limits struct {
	Instructions int64         // of the Lua machine
	Compute      time.Duration // outside of calls that wait for the world
	Time         time.Duration // in all; a check's own time limit may be shorter
	MemoryBytes  int64         // of the process, above what it has when it starts
	StringBytes  int           // of one text that a function makes
	SavedBytes   int           // of what save() keeps, encoded
	Files        int           // open at the same time
	Connections  int           // in all, with requests of HTTP and names that are resolved
	Open         int           // connections at the same time
	Programs     int           // in all
	Running      int           // programs at the same time: one that cannot be killed goes on behind its time
	OutputBytes  int           // of one program
	BodyBytes    int           // of one answer over HTTP
}

// DefaultLimits are the limits of a host that has not set its own. 20 million instructions are a
// second of computing, less or more: 15 to 50 million were measured in one second of a processor
// (BenchmarkInstructions).
func DefaultLimits() Limits {
	return Limits{
		Instructions: 20_000_000,
		Compute:      3 * time.Second,
		Time:         30 * time.Second,
		MemoryBytes:  64 << 20,
		StringBytes:  1 << 20,
		SavedBytes:   64 << 10,
		Files:        64,
		Connections:  256,
		Open:         32,
		Programs:     64,
		Running:      8,
		OutputBytes:  1 << 20,
		BodyBytes:    1 << 20,
	}
}

// Limits that nobody sets.
const (
	maxArrayIndex   = 256 << 10 // of a table; larger keys are found by their hash
	callDepth       = 200       // calls in one coroutine
	maxRegisters    = 64 << 10  // values of calls in one coroutine
	maxNested       = 24        // coroutines and protected calls that run within one another
	maxCoroutines   = 200       // that have not ended
	maxUnpacked     = 8000      // results of unpack and string.byte
	maxPatternItems = 200       // of a pattern of Lua that need another match
	maxCaptures     = 32        // of a pattern of Lua
	maxMessage      = 4 << 10   // bytes of an error's message
	maxTraceback    = 20        // lines
	maxLogBytes     = 64 << 10
	maxTextMetric   = 1 << 10 // bytes of a metric that is a text
	maxMetricName   = 256     // bytes
	maxSavedDepth   = 8       // tables in one another
	maxValues       = 200_000 // converted from Go to Lua or back, at a time
	maxValueDepth   = 64      // tables in one another
	maxTargets      = 1000

	maxLoadInstructions = 1_000_000  // until a file has declared its check
	maxFileNesting      = 200        // brackets and blocks in one another, operators in one expression
	maxLookups          = 50_000_000 // of the compiler, for names and constants in a file: a second or two
	maxSyntaxDepth      = 1000       // of the syntax tree
	maxLoadedFiles      = 64         // of one check
	maxSourceFiles      = 1000       // of a folder

	// bytesAStep is how many bytes of text count as an instruction where a function goes through them.
	bytesAStep = 16
	// hungAfter is how long after the limit of computing a function that does not return is taken
	// for hung.
	hungAfter = 500 * time.Millisecond
)
