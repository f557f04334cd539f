package alarm

import (
	"context"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// sumUp tells, for each silence that ended, what it held back: one event that names what is still open and what ended.
func (e *Engine) sumUp(ctx context.Context, now time.Time) error {
	if e.opt.Queue == nil {
		return nil
	}
	for _, s := range e.silences.over(now) {
		held, err := e.opt.Queue.Held(ctx, s.ID)
		if err != nil {
			return fmt.Errorf("reading what silence %d holds back: %w", s.ID, err)
		}
		if len(held) > 0 {
			var rows []watch.Row
			if e.opt.Route != nil {
				rows = e.opt.Route(e.summary(&s, held, now))
			}
			if err := e.opt.Queue.Release(ctx, s.ID, rows); err != nil {
				return fmt.Errorf("telling what silence %d held back: %w", s.ID, err)
			}
		}
		delete(e.silences.holding, s.ID)
	}
	return nil
}

// summary is the event at the end of a silence.
func (e *Engine) summary(s *watch.Silence, held []watch.Change, now time.Time) watch.Event {
	ev := watch.Event{Kind: watch.SummaryEvent, At: now}
	last := map[watch.Key]int{}
	for i := range held {
		last[held[i].Key] = i
		for _, state := range []rule.State{held[i].Was, held[i].State} {
			if state.Worse(ev.Was) {
				ev.Was = state
			}
		}
	}
	var open, ended []watch.Standing
	for i := range held {
		c := &held[i]
		if last[c.Key] != i {
			continue
		}
		standing := watch.Standing{Key: c.Key, AgentID: c.AgentID, Host: c.Host, State: rule.OK, Since: c.At, Value: c.Value,
			Threshold: c.Threshold, Text: c.Text, From: held[0].At, To: now}
		if h := e.hosts[c.Agent]; h != nil {
			standing.Tags = h.facts.Tags
			if st := h.states[keyOf(c.Key)]; st != nil {
				standing = st.Standing
			}
		}
		if standing.To = now; standing.State.Open() || standing.State == rule.Unknown {
			open = append(open, standing)
		} else {
			ended = append(ended, standing)
		}
	}
	SortStates(open)
	ev.Members = append(open, ended...)
	ev.Text = fmt.Sprintf("%s ended: %s", silenceName(s), counts(len(open), len(ended)))
	ev.Standing = watch.Standing{Text: ev.Text, Since: now, From: held[0].At, To: now}
	if len(open) > 0 {
		ev.Standing.State = open[0].State
	}
	return ev
}

func counts(open, ended int) string {
	var parts []string
	if open > 0 {
		parts = append(parts, fmt.Sprintf("%d still open", open))
	}
	if ended > 0 {
		parts = append(parts, fmt.Sprintf("%d ended meanwhile", ended))
	}
	return strings.Join(parts, ", ")
}

// silenceName is what a silence is called in a sentence.
func silenceName(s *watch.Silence) string {
	name := "silence"
	switch s.Kind {
	case watch.Quiet:
		name = "quiet hours"
	case watch.Maintenance:
		name = "maintenance"
	}
	if s.Reason != "" {
		return fmt.Sprintf("%s (%s)", name, s.Reason)
	}
	return name
}

// readAcks takes over who acknowledged which state, by whichever process.
func (e *Engine) readAcks(ctx context.Context) error {
	_, states, err := e.opt.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("reading acknowledgements: %w", err)
	}
	for i := range states {
		saved := &states[i]
		if h := e.hosts[saved.Agent]; h != nil {
			if s := h.states[keyOf(saved.Key)]; s != nil {
				s.AckedBy, s.AckedAt = saved.AckedBy, saved.AckedAt
			}
		}
	}
	return nil
}

// Acknowledge notes who looks after a state; by "" takes it back. Error: watch.ErrNoSuchState.
func (e *Engine) Acknowledge(ctx context.Context, key watch.Key, by string, at time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.opt.Store.Acknowledge(ctx, key, by, at); err != nil {
		return err
	}
	if h := e.hosts[key.Agent]; h != nil {
		if s := h.states[keyOf(key)]; s != nil {
			if s.AckedBy, s.AckedAt = by, at; by == "" {
				s.AckedAt = time.Time{}
			}
		}
	}
	return nil
}
