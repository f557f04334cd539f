package alarm

import (
	"cmp"
	"slices"
	"strings"

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
				standing := s.Standing
				standing.SilencedBy = e.silences.of(&standing, now)
				standing.To = now
				list = append(list, standing)
			}
		}
	}
	SortStates(list)
	return list
}

// Of returns the states of one agent that need a look, or cannot be judged.
func (e *Engine) Of(agentID string) []watch.Standing { return e.States(StateFilter{AgentID: agentID}) }

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
