package torture

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"
)

// wrongClock returns a clock: "OFFSET" is that far from the real one; "jump OFFSET" is off by a random amount up to
// that at each reading; "back OFFSET" starts there and runs backwards.
func wrongClock(spec string) (func() time.Time, error) {
	kind, text, ok := strings.Cut(spec, " ")
	if !ok {
		kind, text = "", spec
	}
	offset, err := time.ParseDuration(text)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	switch kind {
	case "":
		return func() time.Time { return wall(time.Now().Add(offset)) }, nil
	case "jump":
		var mu sync.Mutex
		return func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return wall(time.Now().Add(time.Duration(rand.Int64N(2*int64(offset)) - int64(offset))))
		}, nil
	case "back":
		return func() time.Time { return wall(start.Add(offset - time.Since(start))) }, nil
	}
	return nil, fmt.Errorf("unknown clock %q", spec)
}

// wall removes the monotonic reading, which would give the true time between two readings.
func wall(t time.Time) time.Time { return t.Round(0) }
