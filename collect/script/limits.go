package script

import "time"

// Limits are those of one check in Lua. They are part of the settings that the script process is started with.
type Limits struct {
	Instructions int64         // of the Lua machine
	Compute      time.Duration // outside of calls that wait for the world
	Time         time.Duration // in all; a check's own time limit may be shorter
	MemoryBytes  int64         // of the process, above what it has when it starts
	StringBytes  int           // of one text that a function makes
	SavedBytes   int           // of what save() keeps, encoded
	Files        int           // open at the same time
	Connections  int           // in all
	Programs     int           // in all
	OutputBytes  int           // of one program
	BodyBytes    int           // of one answer over HTTP
}

// DefaultLimits are the limits of a host that has not set its own.
func DefaultLimits() Limits {
	return Limits{
		Instructions: 20_000_000,
		Compute:      3 * time.Second,
		Time:         30 * time.Second,
		MemoryBytes:  64 << 20,
		StringBytes:  1 << 20,
		SavedBytes:   64 << 10,
		Files:        64,
		Connections:  32,
		Programs:     8,
		OutputBytes:  1 << 20,
		BodyBytes:    1 << 20,
	}
}
