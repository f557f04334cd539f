package alarm

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	rule "virgo/schedule/alarm"
)

// A check is what the engine knows of a check of a host.
type check struct {
	id, typ string
	period  time.Duration
	rules   *Selection
	// memory is what its rules need to know.
	memory     *rule.Memory
	generation int64
	// at is the place in time of the newest result, seen when the last one came that was not late, ticked when the rules
	// about time were judged last.
	at, seen, ticked time.Time
	// lateNewest is true while the newest result that the memory knows came late: time alone judges nothing then.
	lateNewest bool
}

// checkOf returns the check of a result, with the rules of the present.
func (e *Engine) checkOf(ctx context.Context, h *host, r *intake.Result) (*check, error) {
	c := h.checks[r.CheckID]
	if c != nil && c.typ == r.CheckType && c.generation == e.generation && h.generation == e.generation {
		return c, nil
	}
	if h.generation != e.generation {
		e.adoptRules(h)
	}
	if c == nil || c.typ != r.CheckType {
		if c == nil && len(h.checks) >= intake.MaxChecks {
			return nil, nil
		}
		c = &check{id: r.CheckID, typ: r.CheckType, period: intake.Period(r.Params)}
		if h.checks == nil {
			h.checks = map[string]*check{}
		}
		h.checks[c.id] = c
		c.rules = e.opt.Rules.For(&h.facts, h.ref(c))
		c.memory = rule.NewMemory(c.rules.Needs)
		if err := e.fill(ctx, h, c, r); err != nil {
			delete(h.checks, c.id)
			return nil, err
		}
	}
	e.adopt(h, c, r.Received)
	return c, nil
}

// adopt gives a check the rules of the present.
func (e *Engine) adopt(h *host, c *check, at time.Time) {
	if c.generation == e.generation {
		return
	}
	c.rules = e.opt.Rules.For(&h.facts, h.ref(c))
	c.memory.Adapt(c.rules.Needs)
	c.generation = e.generation
	e.dropRules(h, c.id, c.rules, at)
}

func (h *host) ref(c *check) CheckRef {
	return CheckRef{ID: c.id, Type: c.typ, Schedule: h.schedule, Hash: h.hash}
}

// adoptRules gives a host the rules of the present; its checks get theirs when they are looked at next.
func (e *Engine) adoptRules(h *host) {
	h.rules = e.opt.Rules.For(&h.facts, CheckRef{})
	h.generation = e.generation
	for _, c := range h.checks {
		c.generation = 0
	}
	e.dropRules(h, "", h.rules, e.opt.Now())
}

// dropRules ends the states of rules that do not select a check, or the host, any more.
func (e *Engine) dropRules(h *host, checkID string, have *Selection, at time.Time) {
	for key, s := range h.states {
		if key.check == checkID && have.find(key.rule) == nil {
			e.dropState(h, key, s, "the rule is gone, or is not for this any more", at)
		}
	}
}

// find returns a rule by its id; nil if it is not there.
func (s *Selection) find(id string) *rule.Rule {
	if s == nil {
		return nil
	}
	for i := range s.Rules {
		if s.Rules[i].ID == id {
			return &s.Rules[i]
		}
	}
	return nil
}

// ruleOf returns the rule of a state.
func (h *host) ruleOf(key stateKey) *rule.Rule {
	if key.check == "" {
		return h.rules.find(key.rule)
	}
	if c := h.checks[key.check]; c != nil {
		return c.rules.find(key.rule)
	}
	return nil
}

// processors is the metric of agent.cpu that says how many there are.
const (
	cpuCheck   = "agent.cpu"
	processors = "cpu_count"
)

// note remembers a result.
func (c *check) note(h *host, item *feed.Item) {
	r := item.Result
	at := r.PlaceInTime()
	if !r.Late {
		if at.Before(c.at) { // the host's clock was set back
			at = c.at
		}
		c.seen = r.Received
	}
	if !r.Late || at.After(c.at) {
		c.at, c.lateNewest = at, r.Late
	}
	c.memory.Add(rule.Result{At: at, Period: c.period, Available: r.State == "available", Status: r.Status, Values: values(item.Metrics)})
	if !r.Late {
		noteProcessors(&h.facts, c.typ, item.Metrics)
	}
}

// noteProcessors notes how many processors a host has.
func noteProcessors(facts *rule.Host, checkType string, metrics []intake.Metric) {
	if checkType != cpuCheck {
		return
	}
	for i := range metrics {
		if m := &metrics[i]; m.Name == processors && m.Dimension == "" {
			if n, ok := m.Number(); ok {
				facts.CPUs = int(n.Float())
			}
		}
	}
}

// values are the metrics of a result.
func values(metrics []intake.Metric) iter.Seq[rule.Value] {
	return func(yield func(rule.Value) bool) {
		for i := range metrics {
			m := &metrics[i]
			if !yield(rule.Value{Dimension: m.Dimension, Name: m.Name, Value: m.Value}) {
				return
			}
		}
	}
}

// ignoreBehind lets a memory begin without the past where the history cannot tell it now.
func ignoreBehind(err error) error {
	if errors.Is(err, intake.ErrHistoryBehind) || errors.Is(err, intake.ErrNoAgent) {
		return nil
	}
	return err
}

// inWindows reports whether a metric may be one of those that windows are about.
func inWindows(windows []rule.Window, s *intake.Series) bool {
	return slices.ContainsFunc(windows, func(w rule.Window) bool {
		return matchesAny([]string{w.Metric}, s.Metric) || matchesAny([]string{w.Metric}, s.Dimension+"."+s.Metric)
	})
}

// filledByResults is the longest window that is filled result by result, as if the engine had always been at work; longer
// ones begin with five minutes as one value.
const filledByResults = 24 * time.Hour

// fill gives the memory of a check what its windows need of the time before a result.
func (e *Engine) fill(ctx context.Context, h *host, c *check, r *intake.Result) error {
	windows := c.rules.Needs.Windows()
	if e.opt.History == nil || len(windows) == 0 {
		return nil
	}
	var longest time.Duration
	for _, w := range windows {
		longest = max(longest, w.Over)
	}
	all, err := e.opt.History.Series(ctx, h.facts.ID)
	if err != nil {
		return ignoreBehind(fmt.Errorf("reading the metrics of agent %q: %w", h.facts.ID, err))
	}
	until := r.PlaceInTime()
	q := intake.PlotQuery{AgentID: h.facts.ID, From: until.Add(-longest - longest/8), To: until} // buckets begin earlier
	if longest > filledByResults {
		q.Step = intake.FiveMinutes
	}
	for i := range all {
		s := &all[i]
		if s.CheckID == c.id && !s.Text() && inWindows(windows, s) && len(q.Series) < intake.MaxPlotSeries {
			q.Series = append(q.Series, intake.SeriesRef{CheckID: c.id, Dimension: s.Dimension, Metric: s.Metric})
		}
	}
	if len(q.Series) == 0 {
		return nil
	}
	err = e.opt.History.EachPoint(ctx, q, func(series int, p intake.Point) error {
		ref := &q.Series[series]
		c.memory.Fill(ref.Dimension, ref.Metric, rule.Past{At: p.Time, Min: p.Min.Float(), Max: p.Max.Float(), Mean: p.Mean, Last: p.Max.Float()})
		return nil
	})
	if err != nil {
		return ignoreBehind(fmt.Errorf("reading the history of agent %q: %w", h.facts.ID, err))
	}
	return nil
}
