package alarm

import (
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// valuesEvery is how often value and text of a state are stored that does not change.
const valuesEvery = time.Minute

// goneAfter is how long a part of a check stays UNKNOWN that is not reported any more, such as a disk that was removed.
const goneAfter = 24 * time.Hour

// judgeCheck judges the newest result of a check, which came in time.
func (e *Engine) judgeCheck(h *host, c *check, r *intake.Result) {
	h.setTimes(e.awake, r.Received)
	env := rule.Env{Host: &h.facts, CheckID: c.id, CheckLabel: c.rules.label, Check: c.memory, Now: r.Received}
	for i := range c.rules.Rules {
		e.judgeParts(h, c, &c.rules.Rules[i], &env, r)
	}
}

// judgeParts judges a rule for each part of a check: those that it has now, and those that have a state. A result without
// the metrics of the rule is for the parts that were there before.
func (e *Engine) judgeParts(h *host, c *check, ru *rule.Rule, env *rule.Env, r *intake.Result) {
	parts := c.memory.Parts(ru)
	whole := len(parts) == 1 && parts[0] == ""
	var before []string
	for key := range h.states {
		if key.rule == ru.ID && key.check == c.id && !slices.Contains(parts, key.dimension) {
			before = append(before, key.dimension)
		}
	}
	slices.Sort(before)
	if !whole || len(before) == 0 || h.states[stateKey{ru.ID, c.id, ""}] != nil {
		for _, part := range parts {
			env.Dimension = part
			e.judge(h, ru, c.id, env, r.Received, r.Seq)
		}
	}
	for _, part := range before {
		key := stateKey{ru.ID, c.id, part}
		if part == "" && !whole { // the rule was judged as a whole for want of parts
			e.dropState(h, key, h.states[key], "it is judged for each part again", r.Received)
			continue
		}
		if s := h.states[key]; s.machine.State == rule.Unknown && r.Received.Sub(s.machine.Since) > goneAfter {
			e.dropState(h, key, s, "there is no such part any more", r.Received)
			continue
		}
		env.Dimension = part
		e.judge(h, ru, c.id, env, r.Received, r.Seq)
	}
}

// judge judges a rule for one part of a check, or for a host.
func (e *Engine) judge(h *host, ru *rule.Rule, checkID string, env *rule.Env, at time.Time, seq int64) {
	key := stateKey{ru.ID, checkID, env.Dimension}
	s := h.states[key]
	if s == nil && ru.Calm(env) {
		return // as most are
	}
	v, ok := ru.Judge(env)
	if !ok {
		return
	}
	if s == nil {
		if s = e.addState(h, key); s == nil {
			return
		}
	}
	base, state, was := s.machine.Base, s.machine.State, s.unjudged
	_, _, waited := s.machine.Pending()
	s.seq, s.unjudged = seq, v.State == rule.Unknown
	changed := s.machine.Step(ru, v, at)
	e.apply(h, ru, s, &v, changed)
	_, _, waits := s.machine.Pending()
	if len(changed) > 0 || waited || waits || base != s.machine.Base || state != s.machine.State || was != s.unjudged ||
		s.unjudged && s.machine.State != rule.Unknown || at.Sub(s.noted) >= valuesEvery {
		s.noted = at
		e.step.touch(s)
	}
	e.tidy(h, key, s)
}

// addState begins a state; nil if the host has too many.
func (e *Engine) addState(h *host, key stateKey) *state {
	if len(h.states) >= watch.MaxStates {
		return nil
	}
	s := &state{}
	s.Key = watch.Key{Rule: key.rule, Agent: h.number, CheckID: key.check, Dimension: key.dimension}
	s.AgentID, s.Host, s.Tags = h.facts.ID, h.facts.Name, h.facts.Tags
	if h.states == nil {
		h.states = map[stateKey]*state{}
	}
	h.states[key] = s
	return s
}

// tidy forgets a state that is plainly OK.
func (e *Engine) tidy(h *host, key stateKey, s *state) {
	if s.plain() {
		delete(h.states, key)
		e.step.drop(s)
	}
}

// apply records what changed, and tells whom it concerns. v is nil where time alone changed something.
func (e *Engine) apply(h *host, ru *rule.Rule, s *state, v *rule.Verdict, changed []rule.Transition) {
	s.AgentID, s.Host, s.Tags = h.facts.ID, h.facts.Name, h.facts.Tags
	for _, t := range changed {
		if t.State.Open() && (s.opened.IsZero() || !t.Was.Open() && t.Was != rule.Unknown) {
			s.opened = t.At
		}
	}
	s.show(v)
	for _, t := range changed {
		e.changed(h, ru, s, t)
	}
	if s.machine.State == rule.OK && len(changed) > 0 && s.machine.Base == rule.OK {
		s.opened, s.AckedBy, s.AckedAt = time.Time{}, "", time.Time{}
	}
}

// changed records one change.
func (e *Engine) changed(h *host, ru *rule.Rule, s *state, t rule.Transition) {
	c := watch.Change{Key: s.Key, AgentID: s.AgentID, Host: s.Host, At: t.At, Was: t.Was, State: t.State,
		Value: s.Value, Threshold: s.Threshold, Text: s.Text, Seq: s.seq}
	if t.Flap != rule.NoFlap {
		c.Kind, c.Text = watch.Flapped, flapText(t)+": "+s.Text
	}
	standing := s.Standing
	standing.State, standing.Since, standing.Text, standing.To = t.State, t.At, c.Text, t.At
	if !tells(ru, s, t) {
		e.step.change(c, 0)
		return
	}
	if silence := e.silences.of(&standing, t.At); silence != 0 {
		e.silences.hold(silence)
		e.step.change(c, silence)
		s.told, s.waits = t.State, time.Time{}
		return
	}
	e.step.change(c, 0)
	if hostSilence(s, t) {
		e.wait(s, t)
		return
	}
	s.told = t.State
	e.send(watch.Event{Kind: watch.AlarmEvent, Standing: standing, Was: t.Was, At: t.At}, ru)
}

// tells reports whether people are to know of a change: of one to a state that needs a look, and of the end of one that they
// were told of.
func tells(ru *rule.Rule, s *state, t rule.Transition) bool {
	switch {
	case t.Flap != rule.NoFlap:
		return true
	case t.State == rule.Silent && s.machine.Base != rule.Silent:
		return false // the host's silence is told once, not with each of its alarms
	case t.State == s.told:
		return false
	}
	return t.State.Open() || s.told.Open() || s.told == rule.Unknown || ru.NotifyUnknown && t.State == rule.Unknown
}

// send adds the rows of an event. ru is the rule that it is about; nil for none.
func (e *Engine) send(ev watch.Event, ru *rule.Rule) {
	if e.opt.Route == nil {
		return
	}
	if ru != nil {
		ev.Notify = ru.Notify
		for _, one := range ru.Escalate {
			ev.Escalate = append(ev.Escalate, watch.Escalation{After: one.After, To: one.To})
		}
	}
	e.step.queued = append(e.step.queued, e.opt.Route(ev)...)
}

// flapText says that a state changes too often to be told each time, or does no more.
func flapText(t rule.Transition) string {
	if t.Flap == rule.FlapBegan {
		return fmt.Sprintf("flapping (%d changes), held at %s", t.Changes, t.State)
	}
	return fmt.Sprintf("flapping ended after %d changes", t.Changes)
}
