package alarm

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A step collects what follows from a batch of results or a tick, until it is stored. The states in memory are ahead of what
// is stored by exactly this step.
type step struct {
	cursor int64
	// states are those that differ from what is stored, gone those that are to be deleted.
	states  map[*state]bool
	gone    map[watch.Key]bool
	changes []watch.Change
	queued  []watch.Row
	held    map[int64][]int
}

func (s *step) empty() bool {
	return len(s.states)+len(s.gone)+len(s.changes)+len(s.queued) == 0
}

// maxStep bounds the states, changes and rows of one transaction: a larger step is stored at once.
const maxStep = 2_000

func (s *step) full() bool { return len(s.states)+len(s.gone)+len(s.changes)+len(s.queued) > maxStep }

// touch notes that a state differs from what is stored.
func (s *step) touch(st *state) {
	if s.states == nil {
		s.states = map[*state]bool{}
	}
	s.states[st] = true
	delete(s.gone, st.Key)
}

// drop notes that a state is to be deleted.
func (s *step) drop(st *state) {
	delete(s.states, st)
	if s.gone == nil {
		s.gone = map[watch.Key]bool{}
	}
	s.gone[st.Key] = true
}

// change adds a change, which a silence holds back if its number is not 0.
func (s *step) change(c watch.Change, silence int64) {
	if silence != 0 {
		c.Kind = watch.Silenced
		if s.held == nil {
			s.held = map[int64][]int{}
		}
		s.held[silence] = append(s.held[silence], len(s.changes))
	}
	s.changes = append(s.changes, c)
}

// save stores the step and begins a new one. After an error nobody knows whether it is stored: what is stored is read again
// before anything else is judged.
func (e *Engine) save(ctx context.Context, now time.Time) error {
	s := &e.step
	if s.empty() && (s.cursor == e.saved || now.Sub(e.savedAt) < cursorEvery) {
		return nil
	}
	stored := watch.AlarmsStep{Cursor: s.cursor, Changes: s.changes, Queued: s.queued, Held: s.held}
	for st := range s.states {
		stored.States = append(stored.States, st.stored())
	}
	for key := range s.gone {
		stored.Gone = append(stored.Gone, key)
	}
	if _, err := e.opt.Store.Save(ctx, stored); err != nil {
		e.failed = true
		return fmt.Errorf("storing the states of alarms: %w", err)
	}
	e.saved, e.savedAt = s.cursor, now
	e.step = step{cursor: s.cursor}
	if e.opt.Changed != nil && len(stored.Changes) > 0 {
		var agents []intake.AgentNumber
		for i := range stored.Changes {
			agents = append(agents, stored.Changes[i].Agent)
		}
		e.opt.Changed(agents...)
	}
	return nil
}

// cursorEvery is how often the number of the last result is stored if nothing else is to be: after a kill the results since
// are judged again, to the same effect.
const cursorEvery = 10 * time.Second
