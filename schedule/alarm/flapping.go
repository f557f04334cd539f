package alarm

import (
	"slices"
	"time"
)

const (
	// flapChanges changes within flapWithin begin a time of flapping; it ends flapQuiet after the last one.
	flapChanges = 5
	flapWithin  = 30 * time.Minute
	flapQuiet   = 15 * time.Minute
)

// A FlapChange says whether a transition begins or ends a time of flapping.
type FlapChange uint8

// The values of FlapChange.
const (
	NoFlap FlapChange = iota
	FlapBegan
	FlapEnded
)

// flap notices that a state changes too often to tell people of each change.
type flap struct {
	// recent are the last changes.
	recent []recentChange
	on     bool
	// held is the worst state since it began, count the number of changes, last the newest.
	held  State
	count int
	last  time.Time
}

type recentChange struct {
	at       time.Time
	was, now State
}

// maxFlapCount bounds the count.
const maxFlapCount = 1 << 20

// change notes a change, and reports whether flapping begins with it.
func (f *flap) change(was, now State, at time.Time) bool {
	if f.on {
		f.count, f.last = min(f.count+1, maxFlapCount), at
		if now.Worse(f.held) {
			f.held = now
		}
		return false
	}
	f.forget(at)
	f.recent = append(f.recent, recentChange{at, was, now})
	if len(f.recent) < flapChanges {
		return false
	}
	f.on, f.count, f.last, f.held = true, len(f.recent), at, OK
	for _, c := range f.recent {
		for _, state := range []State{c.was, c.now} {
			if state.Worse(f.held) {
				f.held = state
			}
		}
	}
	f.recent = nil
	return true
}

// forget drops changes that are too old to count. The slice is a new one: a Machine is copied as a value.
func (f *flap) forget(at time.Time) {
	old := func(c recentChange) bool { return at.Sub(c.at) > flapWithin }
	if slices.ContainsFunc(f.recent, old) {
		f.recent = slices.DeleteFunc(slices.Clone(f.recent), old)
	}
	if len(f.recent) == 0 {
		f.recent = nil
	}
}

// end returns when flapping ends if nothing else happens; it is not ok if there is none.
func (f *flap) end() (at time.Time, ok bool) {
	return f.last.Add(flapQuiet), f.on
}
