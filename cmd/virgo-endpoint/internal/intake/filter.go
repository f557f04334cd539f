package intake

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// A Filter selects results; the zero value selects all.
type Filter struct {
	// AgentID and CheckID; empty means any.
	AgentID, CheckID string
	// Metric is the name of a metric that the result has, in whatever dimension; empty means any.
	Metric string
	// State is "available" or "unavailable"; empty means both.
	State string
	// Since is the earliest Result.Time, and Until is after the latest; zero means any.
	Since, Until time.Time
	// Late selects only late results (true) or only the others (false); nil selects both.
	Late *bool
	// Refused selects only results that the owner of the host refused (true) or only the others (false);
	// nil selects both.
	Refused *bool
	// Limit is the largest number of results, of which the newest are selected; 0 means no limit.
	Limit int
}

// Selects reports whether a result is one that the filter selects, whatever its Limit.
func (f *Filter) Selects(r *Result) bool {
	switch {
	case f.AgentID != "" && r.AgentID != f.AgentID,
		f.CheckID != "" && r.CheckID != f.CheckID,
		f.State != "" && r.State != f.State,
		r.Time.Before(f.Since),
		!f.Until.IsZero() && !r.Time.Before(f.Until),
		f.Late != nil && r.Late != *f.Late,
		f.Refused != nil && r.Refused != *f.Refused:
		return false
	}
	return f.Metric == "" || hasMetric(r.Params, f.Metric)
}

// hasMetric reports whether params have a metric of that name.
func hasMetric(params json.RawMessage, name string) bool {
	if plain := []byte(name); isPlainName(plain) && !bytes.Contains(params, plain) && !bytes.ContainsRune(params, '\\') {
		return false // most results end here, unread
	}
	metrics, err := Metrics(params)
	return err == nil && slices.ContainsFunc(metrics, func(m Metric) bool { return m.Name == name })
}

// isPlainName reports whether JSON writes a name as it is, if it escapes nothing.
func isPlainName(name []byte) bool {
	return !slices.ContainsFunc(name, func(c byte) bool { return c < ' ' || c >= 0x7f || c == '"' || c == '\\' })
}
