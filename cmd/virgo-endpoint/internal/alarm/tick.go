package alarm

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

const (
	// refreshEvery is how often all agents are read: their names, tags, contacts and warnings.
	refreshEvery = time.Minute
	// cleanEvery is how often changes are deleted that are older than watch.ChangesKept, at most cleanedAtOnce of them.
	cleanEvery    = time.Hour
	cleanedAtOnce = 1_000
)

// Tick judges what time alone changes. It is to be called each TickEvery.
func (e *Engine) Tick(ctx context.Context) error {
	e.ticking.Lock()
	defer e.ticking.Unlock()
	now := e.opt.Now()
	agents, err := e.agents(ctx, now)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.recover(ctx, now); err != nil {
		return err
	}
	e.wasAway(e.ticked, now)
	e.ticked = now
	if err := e.look(ctx); err != nil {
		return err
	}
	if agents != nil {
		e.noteAgents(agents, true, now)
	}
	for _, h := range e.hosts {
		if h.generation != e.generation {
			e.adoptRules(h)
		}
		e.judgeHost(h, now)
		e.tickChecks(h, now)
		if e.step.full() {
			if err := e.save(ctx, now); err != nil {
				return err
			}
		}
	}
	e.tellSilence(now)
	if err := e.save(ctx, now); err != nil {
		return err
	}
	if err := e.sumUp(ctx, now); err != nil {
		return err
	}
	if err := e.clean(ctx, now); err != nil {
		return err
	}
	return e.mark(ctx, now)
}

// agents reads what is known of all agents, if it is time; nil if it is not.
func (e *Engine) agents(ctx context.Context, now time.Time) ([]intake.Agent, error) {
	e.mu.Lock()
	due := now.Sub(e.refreshed) >= refreshEvery
	e.mu.Unlock()
	if !due {
		return nil, nil
	}
	agents, err := e.opt.Agents.Agents(ctx, "")
	if err != nil {
		return nil, fmt.Errorf("reading agents: %w", err)
	}
	if agents == nil {
		agents = []intake.Agent{}
	}
	return agents, nil
}

// look reads what others may have changed: rules, silences, acknowledgements.
func (e *Engine) look(ctx context.Context) error {
	if e.opt.Rules.Refresh() {
		for _, problem := range e.opt.Rules.news() {
			e.opt.Log.Error("mistake in a rule of an alarm", "error", problem)
		}
	}
	e.generation = e.opt.Rules.Generation()
	return e.lookAtSilences(ctx)
}

// lookAtSilences reads silences and acknowledgements if they changed. It is cheap if they did not: it is done before each
// batch, since a person who silences a host goes on to stop it the next moment.
func (e *Engine) lookAtSilences(ctx context.Context) error {
	changed, err := e.silences.refresh(ctx)
	if err != nil {
		return fmt.Errorf("reading silences: %w", err)
	}
	if changed {
		if err := e.readAcks(ctx); err != nil {
			return err
		}
	}
	return nil
}

// judgeHost judges the rules of the host itself.
func (e *Engine) judgeHost(h *host, at time.Time) {
	h.setTimes(e.awake, at)
	h.facts.CertificateEndsIn = 0
	if h.number == 0 && e.opt.CertificateEnds != nil {
		if ends := e.opt.CertificateEnds(); !ends.IsZero() {
			h.facts.CertificateEndsIn = ends.Sub(at)
		}
	}
	was := h.silent()
	env := rule.Env{Host: &h.facts, Now: at}
	for i := range h.rules.Rules {
		e.judge(h, &h.rules.Rules[i], "", &env, at, 0)
	}
	switch is := h.silent(); {
	case is && !was:
		e.silence(h, at)
	case was && !is:
		h.back = h.seen
	}
}

// silence lays the host's silence over its other states.
func (e *Engine) silence(h *host, at time.Time) {
	for key, s := range h.states {
		if s.machine.Base == rule.Silent || s.machine.State == rule.Silent {
			continue
		}
		ru := h.ruleOf(key)
		if ru == nil {
			continue
		}
		if changed := s.machine.Silence(ru, at); len(changed) > 0 {
			e.apply(h, ru, s, nil, changed)
		}
		e.step.touch(s)
	}
}

// tickChecks lets time pass for the states of checks, and judges rules that look at ages once in a period.
func (e *Engine) tickChecks(h *host, now time.Time) {
	for key, s := range h.states {
		if key.check == "" {
			continue
		}
		ru := h.ruleOf(key)
		if ru == nil {
			continue
		}
		if changed := s.machine.Tick(ru, now); len(changed) > 0 {
			e.apply(h, ru, s, nil, changed)
			e.step.touch(s)
			e.tidy(h, key, s)
		}
	}
	if h.silent() {
		return
	}
	for _, c := range h.checks {
		e.adopt(h, c, now)
		if !c.lateNewest && now.Sub(later(c.seen, c.ticked)) >= max(c.period, TickEvery) {
			c.ticked = now
			e.judgeAges(h, c, now)
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// judgeAges judges the rules of a check that look at ages, without a new result.
func (e *Engine) judgeAges(h *host, c *check, now time.Time) {
	env := rule.Env{Host: &h.facts, CheckID: c.id, CheckLabel: c.rules.label, Check: c.memory, Now: now}
	for i := range c.rules.Rules {
		ru := &c.rules.Rules[i]
		if !ru.UsesTime() || ru.UsesHost() {
			continue
		}
		for _, part := range c.memory.Parts(ru) {
			env.Dimension = part
			e.judge(h, ru, c.id, &env, now, 0)
		}
	}
}

// clean deletes old changes.
func (e *Engine) clean(ctx context.Context, now time.Time) error {
	if now.Sub(e.cleaned) < cleanEvery {
		return nil
	}
	n, err := e.opt.Store.DeleteChanges(ctx, now.Add(-watch.ChangesKept), cleanedAtOnce)
	if err != nil {
		return fmt.Errorf("deleting old changes of alarms: %w", err)
	}
	if n < cleanedAtOnce {
		e.cleaned = now
	}
	return nil
}
