package alarm

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// endpointName is the name of the host that stands for the endpoint itself; its number is 0.
const endpointName = "this endpoint"

// A host is what the engine knows of an agent.
type host struct {
	number intake.AgentNumber
	// facts are what rules see; SilentFor and UpFor are set before a rule is judged.
	facts rule.Host
	// seen is when the last result came that was not late, back when the one came that ended its last silence.
	seen, back time.Time
	// bundles is true where results come in bundles: nobody knows when the next one comes.
	bundles bool
	// checks are those of which results came, by id.
	checks map[string]*check
	// rules are those of the host itself.
	rules *Selection
	// states are those that are not plainly OK.
	states map[stateKey]*state
	// generation is that of the rules.
	generation int64
	// schedule is what the host is sent, hash its hash.
	schedule []byte
	hash     string
}

// A stateKey is a [watch.Key] within a host.
type stateKey struct{ rule, check, dimension string }

func keyOf(k watch.Key) stateKey { return stateKey{k.Rule, k.CheckID, k.Dimension} }

// silent reports whether the host is known to be silent: a rule of its own says so.
func (h *host) silent() bool {
	for key, s := range h.states {
		if key.check == "" && s.machine.Base == rule.Silent {
			return true
		}
	}
	return false
}

// contact notes that a result came that was not late.
func (h *host) contact(at time.Time) {
	if at.After(h.seen) {
		h.seen = at
	}
	if h.back.IsZero() {
		h.back = at
	}
}

// setTimes sets how long the host is silent and up at a time. While the endpoint was away nobody went silent. Of a host whose
// results come in bundles, or that never sent one, nothing is expected.
func (h *host) setTimes(awake, at time.Time) {
	h.facts.SilentFor, h.facts.UpFor = 0, 0
	if h.number == 0 || h.seen.IsZero() {
		return
	}
	seen := h.seen
	if awake.After(seen) && !h.silent() {
		seen = awake
	}
	if !h.bundles && h.facts.Period > 0 && at.After(seen) {
		h.facts.SilentFor = at.Sub(seen)
	}
	if at.After(h.back) {
		h.facts.UpFor = at.Sub(h.back)
	}
}

// note takes over what the store knows of the agent.
func (h *host) note(a *intake.Agent, now time.Time) {
	h.facts.ID, h.facts.Name, h.facts.Tags = a.ID, a.Name, a.Who.Tags
	h.bundles = strings.HasPrefix(a.Remote, "bundle ")
	h.facts.IdentityWarnings = len(a.Who.Warnings(now))
	h.facts.ClockOffset = 0
	if a.ClockOffsetMS != nil {
		h.facts.ClockOffset = time.Duration(*a.ClockOffsetMS) * time.Millisecond
	}
	h.facts.Period = 0
	for i := range a.Checks {
		s := &a.Checks[i]
		if s.Period > 0 && (h.facts.Period == 0 || s.Period < h.facts.Period) {
			h.facts.Period = s.Period
		}
		if !s.Late {
			h.contact(s.Received)
		}
		if s.Waiting != nil {
			h.facts.Waiting = *s.Waiting
		}
		if c := h.checks[s.CheckID]; c != nil && s.Period > 0 {
			c.period = s.Period
		}
	}
}

// addHost begins to look after an agent.
func (e *Engine) addHost(number intake.AgentNumber) *host {
	h := &host{number: number}
	e.hosts[number] = h
	return h
}

// noteAgents takes over what is known of agents: of all, or of some.
func (e *Engine) noteAgents(agents []intake.Agent, all bool, now time.Time) {
	known := make(map[intake.AgentNumber]bool, len(agents))
	for i := range agents {
		a := &agents[i]
		if !a.Who.Removed.IsZero() || !a.Who.Revoked.IsZero() {
			continue
		}
		known[a.Number] = true
		h := e.hosts[a.Number]
		if h == nil {
			h = e.addHost(a.Number)
		}
		id, tags := h.facts.ID, h.facts.Tags
		h.note(a, now)
		if id != h.facts.ID || !slices.Equal(tags, h.facts.Tags) {
			h.generation = 0
		}
		e.noteSchedule(h)
		e.dropChecks(h, a.Checks, now)
	}
	if !all {
		return
	}
	for number, h := range e.hosts {
		if number != 0 && !known[number] {
			e.dropHost(h, now)
		}
	}
	e.refreshed = now
}

// noteSchedule takes over the schedule that a host is sent.
func (e *Engine) noteSchedule(h *host) {
	if e.opt.Schedule == nil {
		return
	}
	result, hash, err := e.opt.Schedule(h.facts.ID)
	if err != nil {
		result, hash = nil, "" // the host has checks of its own at most
	}
	if hash != h.hash {
		h.generation = 0
	}
	h.schedule, h.hash = result, hash
}

// findHost returns the host of a result; nil for one that was removed or revoked meanwhile.
func (e *Engine) findHost(ctx context.Context, number intake.AgentNumber, agentID string, now time.Time) (*host, error) {
	if h := e.hosts[number]; h != nil && h.facts.ID == agentID {
		return h, nil
	}
	agents, err := e.opt.Agents.Agents(ctx, agentID)
	if err != nil {
		return nil, fmt.Errorf("reading agents: %w", err)
	}
	e.noteAgents(agents, false, now)
	return e.hosts[number], nil
}

// dropAfter is how long a check of a host is remembered that the store does not know any more.
const dropAfter = time.Hour

// dropChecks ends the states of checks of which no results come any more.
func (e *Engine) dropChecks(h *host, known []intake.CheckState, now time.Time) {
	has := make(map[string]bool, len(known))
	for i := range known {
		has[known[i].CheckID] = true
	}
	for id, c := range h.checks {
		if !has[id] && now.Sub(c.seen) > dropAfter {
			delete(h.checks, id)
		}
	}
	for key, s := range h.states {
		if key.check != "" && !has[key.check] && h.checks[key.check] == nil {
			e.dropState(h, key, s, "results of the check come no more", now)
		}
	}
}

// dropHost ends what concerns an agent that was removed or revoked.
func (e *Engine) dropHost(h *host, now time.Time) {
	for key, s := range h.states {
		s.told, s.waits = rule.OK, time.Time{} // whoever removed it knows
		e.dropState(h, key, s, "the agent is not admitted any more", now)
	}
	delete(e.hosts, h.number)
}

// dropState ends a state for another reason than a verdict.
func (e *Engine) dropState(h *host, key stateKey, s *state, why string, at time.Time) {
	was := s.machine.State
	s.machine, s.fleet, s.waits = rule.Machine{}, "", time.Time{}
	if was != rule.OK {
		s.State, s.Since, s.Text, s.Value, s.Threshold, s.Flapping = rule.OK, at, why, nil, nil, false
		e.changed(h, &rule.Rule{ID: key.rule}, s, rule.Transition{Was: was, State: rule.OK, At: at})
	}
	delete(h.states, key)
	e.step.drop(s)
}
