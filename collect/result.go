package collect

import (
	"time"
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

// Bounds of a result.
const (
	MaxStatusRunes = 256       // characters of a status; a longer one is truncated
	MaxResultBytes = 1 << 20   // bytes of a result as JSON; a longer one becomes unavailable
	MaxMetrics     = 10_000    // metrics of a result; one with more becomes unavailable
	MaxSampleBytes = 256 << 10 // bytes of a sample; a longer one is not stored
)

// StatusSuccess is the status of an available check that reports none.
const StatusSuccess = "success"

// A State is whether a check succeeded and found no fault.
type State string

// The states of the protocol.
const (
	Available   State = "available"
	Unavailable State = "unavailable"
)

// A Result is the result of one run of a check, as check_metrics.post sends it.
type Result struct {
	// CheckID and CheckType are the schedule's.
	CheckID, CheckType string
	// State is Unavailable if the check failed or found a fault; there are no metrics then.
	State State
	// Refused means that the host's owner does not let the endpoint make this host do it. The state is
	// Unavailable; alarms ignore the result.
	Refused bool
	// Status is one sentence; StatusSuccess if the check reports none.
	Status string
	// Time is when the check finished, or the Time of its Report. It is sent in ms.
	Time time.Time
	// MinCheckPeriod is the check's period. It is sent in ms.
	MinCheckPeriod time.Duration
	// Metrics are in any order. Of several with the same dimension and name, only the last is sent.
	Metrics []Metric
}

// TruncateStatus returns the first MaxStatusRunes characters of s, as valid UTF-8.
func TruncateStatus(s string) string {
	return shorttext.TruncateRunes(shorttext.Valid(s), MaxStatusRunes)
}

// maxJSONBytes returns an upper bound of the length of r as JSON without encoding it: escaping
// makes at most six bytes of one.
func (r Result) maxJSONBytes() int {
	const perResult, perMetric = 512, 64
	n := perResult + 6*(len(r.CheckID)+len(r.CheckType)+len(r.State)+MaxStatusRunes*utf8.UTFMax)
	for _, m := range r.Metrics {
		n += perMetric + 6*(len(m.Dimension)+len(m.Name)+len(m.Type)+len(m.Value)+len(m.Unit))
	}
	return n
}
