package collect

import (
	"time"
	"unicode/utf8"
)

// Bounds of a result.
const (
	MaxStatusRunes = 256       // characters of a status; what is longer is cut
	MaxResultBytes = 1 << 20   // bytes of a result as JSON; a longer one becomes unavailable
	MaxMetrics     = 10_000    // metrics of a result; one with more becomes unavailable
	MaxSampleBytes = 256 << 10 // bytes of a sample; a longer one is not kept
)

// StatusSuccess is the status of a check that has nothing to say.
const StatusSuccess = "success"

// A State says whether what was checked is in order.
type State string

// The states of the protocol.
const (
	Available   State = "available"
	Unavailable State = "unavailable"
)

// A Result is what one run of a check found, as check_metrics.post sends it.
type Result struct {
	// CheckID and CheckType are the schedule's.
	CheckID, CheckType string
	// State is Unavailable where the check failed; there are no metrics then.
	State State
	// Status is one sentence, StatusSuccess where there is nothing to say.
	Status string
	// Time is when the check finished. Milliseconds are sent.
	Time time.Time
	// MinCheckPeriod is the check's period. Milliseconds are sent.
	MinCheckPeriod time.Duration
	// Metrics in any order. Of two with one dimension and name the last stands.
	Metrics []Metric
}

// CutStatus returns the first MaxStatusRunes characters of s, as valid UTF-8.
func CutStatus(s string) string {
	s = validText(s)
	if len(s) <= MaxStatusRunes {
		return s
	}
	n := 0
	for i := range s {
		if n == MaxStatusRunes {
			return s[:i]
		}
		n++
	}
	return s
}

// maxJSONBytes is an upper bound of the length of r as JSON, found without writing it: six bytes for
// one is the most that escaping makes of a text.
func (r Result) maxJSONBytes() int {
	const perResult, perMetric = 512, 64
	n := perResult + 6*(len(r.CheckID)+len(r.CheckType)+len(r.State)+MaxStatusRunes*utf8.UTFMax)
	for _, m := range r.Metrics {
		n += perMetric + 6*(len(m.Dimension)+len(m.Name)+len(m.Type)+len(m.Value)+len(m.Unit))
	}
	return n
}
