package history

import (
	"fmt"
	"time"
)

// The spans of the tables, in ms.
const (
	minuteMS = int64(time.Minute / time.Millisecond)
	hourMS   = 60 * minuteMS
	dayMS    = 24 * hourMS
)

// Bounds of what a key names.
const (
	// maxAgent is the greatest number of an agent.
	maxAgent = 1<<32 - 1
	// maxChunks is the number of chunks that an hour of an agent can have.
	maxChunks = 1 << 8
	// maxUnit is the greatest number of an hour, in the year 2927.
	maxUnit = 1<<23 - 1
)

// key returns the key of a row: of an hour, day or month since 1970.
func key(unit, agent int64) int64 { return unit<<40 | agent<<8 }

// ofKey is the inverse of key.
func ofKey(k int64) (unit, agent int64, n int) {
	return k >> 40, k >> 8 & maxAgent, int(k & (maxChunks - 1))
}

func checkAgent(agent int64) error {
	if agent < 0 || agent > maxAgent {
		return fmt.Errorf("agent %d has no history: numbers end at %d", agent, int64(maxAgent))
	}
	return nil
}

// unitOf returns which span of that length the time is in. Times before 1970 count as its begin.
func unitOf(ms, span int64) int64 { return min(max(ms, 0)/span, maxUnit) }
