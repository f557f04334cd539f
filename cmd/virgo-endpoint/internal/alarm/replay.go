package alarm

import (
	"context"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	rule "virgo/schedule/alarm"
)

// MaxReplay bounds the span of a replay.
const MaxReplay = 31 * 24 * time.Hour

// A ReplayHost is a host whose results are judged once more.
type ReplayHost struct {
	Agent intake.AgentNumber
	Facts rule.Host
	// Schedule and Hash are those of the schedule that it is sent; empty: its checks have no alarms of their own.
	Schedule []byte
	Hash     string
}

// Replay judges the stored results of hosts from a time to before another, each at its place in time whether it came late or
// not, and calls fn for each span in which a rule would have raised an alarm: in the order of its end, host by host. A span
// that lasts at the end has a zero To. Rules of the host itself are left out: silence is no result. only selects rules; nil: all.
func Replay(ctx context.Context, rules *Rules, hosts []ReplayHost, src ResultSource, from, to time.Time,
	only func(id string) bool, fn func(watch.Firing) error) error {
	if to.Sub(from) > MaxReplay {
		return fmt.Errorf("a replay is of %d days at most", MaxReplay/(24*time.Hour))
	}
	for i := range hosts {
		r := replay{rules: rules, host: &hosts[i], from: from, only: only, fn: fn, checks: map[string]*check{}, firing: map[watch.Key]*firing{}}
		if err := r.run(ctx, src, to); err != nil {
			return err
		}
	}
	return nil
}

// A replay is that of one host.
type replay struct {
	rules  *Rules
	host   *ReplayHost
	from   time.Time
	only   func(id string) bool
	fn     func(watch.Firing) error
	checks map[string]*check
	firing map[watch.Key]*firing
}

// A firing is the state of a rule for one part of a check.
type firing struct {
	machine rule.Machine
	rule    *rule.Rule
	open    watch.Firing
	now     watch.Firing // figures of the newest verdict
}

// before is how long before its span a replay begins to read, so that windows and times are full.
func (r *replay) before() time.Duration {
	longest := time.Hour
	for _, one := range r.rules.All() {
		longest = max(longest, one.For.Time+one.ClearFor.Time)
		for _, w := range rule.Needs([]rule.Rule{one}).Windows() {
			longest = max(longest, w.Over)
		}
	}
	return longest
}

func (r *replay) run(ctx context.Context, src ResultSource, to time.Time) error {
	// The filter is by the agent's clock, which may be off: a little more is read.
	slack := max(r.host.Facts.ClockOffset, -r.host.Facts.ClockOffset) + time.Minute
	f := intake.Filter{AgentID: r.host.Facts.ID, Since: r.from.Add(-r.before() - slack), Until: to.Add(slack)}
	err := src.Results(ctx, f, func(result intake.Result) error {
		if !result.PlaceInTime().Before(to) || result.Refused {
			return nil
		}
		return r.judge(&result)
	})
	if err != nil {
		return fmt.Errorf("reading the results of agent %q: %w", r.host.Facts.ID, err)
	}
	for _, one := range r.firing { // what lasts
		for _, t := range one.machine.Tick(one.rule, to) {
			if err := r.change(one, t); err != nil {
				return err
			}
		}
		if one.open.State.Open() {
			if err := r.tell(one.open); err != nil {
				return err
			}
		}
	}
	return nil
}

// judge judges one result.
func (r *replay) judge(result *intake.Result) error {
	c := r.checks[result.CheckID]
	if c == nil || c.typ != result.CheckType {
		c = &check{id: result.CheckID, typ: result.CheckType, period: intake.Period(result.Params)}
		c.rules = r.rules.For(&r.host.Facts, CheckRef{ID: c.id, Type: c.typ, Schedule: r.host.Schedule, Hash: r.host.Hash})
		c.memory = rule.NewMemory(c.rules.Needs)
		r.checks[c.id] = c
	}
	metrics, err := intake.Metrics(result.Params)
	if err != nil {
		metrics = nil
	}
	at := later(result.PlaceInTime(), c.at)
	c.at = at
	c.memory.Add(rule.Result{At: at, Period: c.period, Available: result.State == "available", Status: result.Status, Values: values(metrics)})
	noteProcessors(&r.host.Facts, c.typ, metrics)
	env := rule.Env{Host: &r.host.Facts, CheckID: c.id, CheckLabel: c.rules.label, Check: c.memory, Now: at}
	for i := range c.rules.Rules {
		ru := &c.rules.Rules[i]
		if r.only != nil && !r.only(ru.ID) {
			continue
		}
		for _, part := range c.memory.Parts(ru) {
			env.Dimension = part
			if err := r.step(ru, &env, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// step judges one rule for one part.
func (r *replay) step(ru *rule.Rule, env *rule.Env, at time.Time) error {
	key := watch.Key{Rule: ru.ID, Agent: r.host.Agent, CheckID: env.CheckID, Dimension: env.Dimension}
	one := r.firing[key]
	if one == nil && ru.Calm(env) {
		return nil
	}
	v, ok := ru.Judge(env)
	if !ok {
		return nil
	}
	if one == nil {
		one = &firing{rule: ru}
		r.firing[key] = one
	}
	one.now = watch.Firing{Key: key, AgentID: r.host.Facts.ID, Host: r.host.Facts.Name, Peak: v.Value, Threshold: v.Threshold, Text: v.Text}
	for _, t := range one.machine.Step(ru, v, at) {
		if err := r.change(one, t); err != nil {
			return err
		}
	}
	if one.open.State.Open() && v.State.Open() {
		raise(&one.open, &v)
	}
	if one.machine.IsZero() {
		delete(r.firing, key)
	}
	return nil
}

// change begins and ends what is told.
func (r *replay) change(one *firing, t rule.Transition) error {
	if one.open.State.Open() {
		if t.State == one.open.State {
			return nil
		}
		ended := one.open
		one.open, ended.To = watch.Firing{}, t.At
		if err := r.tell(ended); err != nil {
			return err
		}
	}
	if t.State.Open() {
		one.open = one.now
		one.open.State, one.open.From = t.State, t.At
	}
	return nil
}

// tell passes a span on that reaches into the time that is asked for.
func (r *replay) tell(f watch.Firing) error {
	if !f.To.IsZero() && !f.To.After(r.from) {
		return nil
	}
	return r.fn(f)
}
