package intake

import "time"

// LateRange bounds how much time Late looks at: the end of what is asked for.
const LateRange = 31 * 24 * time.Hour

// LateRuns finds the runs of late results among results that are added in the order of their place in time.
type LateRuns struct {
	spans []LateSpan
	goes  bool // the last span goes on
}

// Add adds a result.
func (l *LateRuns) Add(place, received time.Time, late bool) {
	switch {
	case !late:
		l.goes = false
	case !l.goes:
		if l.Full() {
			return
		}
		l.spans = append(l.spans, LateSpan{From: place, To: place, FirstArrived: received, LastArrived: received, Count: 1})
		l.goes = true
	default:
		s := &l.spans[len(l.spans)-1]
		s.To = place
		s.Count++
		if received.Before(s.FirstArrived) {
			s.FirstArrived = received
		}
		if received.After(s.LastArrived) {
			s.LastArrived = received
		}
	}
}

// Break ends the last span.
func (l *LateRuns) Break() { l.goes = false }

// Full reports whether there are as many spans as may be.
func (l *LateRuns) Full() bool { return len(l.spans) >= MaxLateSpans }

// Spans returns what was found.
func (l *LateRuns) Spans() []LateSpan { return l.spans }
