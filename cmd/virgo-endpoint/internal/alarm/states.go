package alarm

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/live"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// A StateFilter selects states; zero fields select all.
type StateFilter struct {
	// AgentID is an agent's id, Tag a tag that its host has, Rule the id of a rule.
	AgentID, Tag, Rule string
	// States are those that are wanted; nil: all that are open, and UNKNOWN.
	States []rule.State
}

// Selects reports whether a state is one that the filter selects.
func (f *StateFilter) Selects(s *watch.Standing) bool {
	switch {
	case f.AgentID != "" && s.AgentID != f.AgentID, f.Rule != "" && s.Rule != f.Rule,
		f.Tag != "" && !slices.Contains(s.Tags, f.Tag):
		return false
	case f.States == nil:
		return s.State.Open() || s.State == rule.Unknown
	}
	return slices.Contains(f.States, s.State)
}

// States returns the states that the filter selects, the worst first, then the newest.
func (e *Engine) States(f StateFilter) []watch.Standing {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.opt.Now()
	var list []watch.Standing
	for _, h := range e.hosts {
		if f.AgentID != "" && h.facts.ID != f.AgentID {
			continue
		}
		for _, s := range h.states {
			if f.Selects(&s.Standing) {
				list = append(list, e.standing(s, now))
			}
		}
	}
	SortStates(list)
	return list
}

// standing is how a state stands at a time.
func (e *Engine) standing(s *state, now time.Time) watch.Standing {
	standing := s.Standing
	standing.SilencedBy = e.silences.of(&standing, now)
	standing.To = now
	return standing
}

// Standing returns the states of all hosts that need a look, or cannot be judged, the worst first.
func (e *Engine) Standing() []watch.Standing { return e.States(StateFilter{}) }

// Of returns those of one agent.
func (e *Engine) Of(agentID string) []watch.Standing { return e.States(StateFilter{AgentID: agentID}) }

// Find returns how an alarm stands; it is not ok if it is over.
func (e *Engine) Find(key watch.Key) (standing watch.Standing, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.hosts[key.Agent]
	if h == nil {
		return watch.Standing{}, false
	}
	s := h.states[keyOf(key)]
	if s == nil || s.State == rule.OK {
		return watch.Standing{}, false
	}
	return e.standing(s, e.opt.Now()), true
}

// Marks implements [live.Alarms].
func (e *Engine) Marks(agent intake.AgentNumber) []live.Mark {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.hosts[agent]
	if h == nil || len(h.states) == 0 {
		return nil
	}
	now := e.opt.Now()
	var open []watch.Standing
	for _, s := range h.states {
		if s.State.Open() {
			open = append(open, e.standing(s, now))
		}
	}
	SortStates(open)
	marks := make([]live.Mark, len(open))
	for i := range open {
		s := &open[i]
		marks[i] = live.Mark{State: s.State, Rule: s.Rule, CheckID: s.CheckID, Dimension: s.Dimension, Text: s.Text,
			Since: s.Since, AckedBy: s.AckedBy, Silenced: s.SilencedBy != 0}
	}
	return marks
}

// Changes calls fn for the changes that the filter selects, as [watch.Alarms] does.
func (e *Engine) Changes(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error {
	return e.opt.Store.Changes(ctx, f, fn)
}

// SortStates sorts states: the worst first, then the newest, then by host.
func SortStates(list []watch.Standing) {
	slices.SortFunc(list, func(a, b watch.Standing) int {
		switch {
		case a.State.Worse(b.State):
			return -1
		case b.State.Worse(a.State):
			return 1
		}
		return cmp.Or(b.Since.Compare(a.Since), strings.Compare(a.AgentID, b.AgentID), strings.Compare(a.Rule, b.Rule),
			strings.Compare(a.CheckID, b.CheckID), strings.Compare(a.Dimension, b.Dimension))
	})
}
