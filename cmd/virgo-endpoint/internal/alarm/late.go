package alarm

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

const (
	// lateQuiet is how long no further late result of a host must have come until they are judged, lateMost how long after
	// the first one they are in any case.
	lateQuiet = time.Minute
	lateMost  = 10 * time.Minute
	// lateSetting is the number behind which there are late results that were not judged yet; empty: none.
	lateSetting = "alarms.late_behind"
	// maxLateChanges bounds what is recorded of one host at a time.
	maxLateChanges = 200
)

// lateResults are those that wait to be judged once more.
type lateResults struct {
	spans map[intake.AgentNumber]*lateSpan
	// noted is true while lateSetting is set.
	noted bool
	// replaying is the number of spans that are judged just now.
	replaying int
}

// A lateSpan is the part of a host's time in which results came late.
type lateSpan struct {
	agentID string
	// from and to are places in time, first and last arrivals.
	from, to, first, last time.Time
}

func (l *lateResults) add(agent intake.AgentNumber, r *intake.Result) {
	place := r.PlaceInTime()
	s := l.spans[agent]
	if s == nil {
		if l.spans == nil {
			l.spans = map[intake.AgentNumber]*lateSpan{}
		}
		s = &lateSpan{from: place, to: place, first: r.Received}
		l.spans[agent] = s
	}
	s.agentID, s.last = r.AgentID, later(s.last, r.Received)
	if place.Before(s.from) {
		s.from = place
	}
	s.to = later(s.to, place)
}

// noteLate notes the late results of a batch before anything else follows from it: a kill does not forget them.
func (e *Engine) noteLate(ctx context.Context, batch []feed.Item) error {
	if e.opt.Results == nil {
		return nil
	}
	for i := range batch {
		r := batch[i].Result
		if !r.Late || r.Refused || r.Seq <= e.step.cursor {
			continue
		}
		if !e.late.noted && e.opt.Settings != nil {
			if err := e.opt.Settings.SetSetting(ctx, lateSetting, strconv.FormatInt(r.Seq-1, 10)); err != nil {
				return fmt.Errorf("noting late results: %w", err)
			}
			e.late.noted = true
		}
		e.late.add(batch[i].Agent, r)
	}
	return nil
}

// restoreLate finds the late results that a kill kept from being judged.
func (e *Engine) restoreLate(ctx context.Context, cursor int64) error {
	if e.opt.Settings == nil || e.opt.Feed == nil || e.opt.Results == nil {
		return nil
	}
	text, err := e.opt.Settings.Setting(ctx, lateSetting)
	if err != nil {
		return fmt.Errorf("reading which late results wait: %w", err)
	}
	seq, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil
	}
	e.late.noted = true
	const atOnce = 1_000
	for seq < cursor {
		next, _, err := e.opt.Feed.After(ctx, seq, atOnce, func(agent intake.AgentNumber, r *intake.Result) error {
			if r.Late && !r.Refused && r.Seq <= cursor {
				e.late.add(agent, r)
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading late results: %w", err)
		}
		if next <= seq {
			break
		}
		seq = next
	}
	return nil
}

// ReplayLate judges the late results of one host of which no more come, and records what they would have said. It reports
// whether there was one. It is to be called after ticks, by one at a time.
func (e *Engine) ReplayLate(ctx context.Context) (bool, error) {
	e.replaying.Lock()
	defer e.replaying.Unlock()
	now := e.opt.Now()
	e.mu.Lock()
	agent, span := e.late.next(now)
	var h *host
	var replayed ReplayHost
	if span != nil {
		if h = e.hosts[agent]; h != nil {
			replayed = ReplayHost{Agent: agent, Facts: h.facts, Schedule: h.schedule, Hash: h.hash}
		}
		e.late.replaying++
	}
	e.mu.Unlock()
	if span == nil {
		return false, e.lateDone(ctx)
	}
	var changes []watch.Change
	var err error
	if h != nil {
		changes, err = e.lateChanges(ctx, replayed, span, now)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.late.replaying--
	if err == nil {
		err = e.recover(ctx, now)
	}
	if err == nil {
		e.step.changes = append(e.step.changes, changes...)
		err = e.save(ctx, now)
	}
	if err != nil {
		e.late.put(agent, span)
		return false, err
	}
	if from, _ := span.judged(); h != nil && from.After(span.from) {
		e.opt.Log.Info("late results are stored, but no alarm is told of the oldest of them: at most 31 days are judged at once",
			"agent", span.agentID, "oldest", span.from, "judged from", from)
	}
	return true, nil
}

// judged returns the part of the span that is judged: its end, as far as one replay goes.
func (s *lateSpan) judged() (from, to time.Time) {
	to = s.to.Add(time.Millisecond)
	return later(s.from, to.Add(-MaxReplay)), to
}

// next takes the span that is due the longest.
func (l *lateResults) next(now time.Time) (agent intake.AgentNumber, span *lateSpan) {
	for number, s := range l.spans {
		if now.Sub(s.last) < lateQuiet && now.Sub(s.first) < lateMost {
			continue
		}
		if span == nil || s.first.Before(span.first) {
			agent, span = number, s
		}
	}
	if span != nil {
		delete(l.spans, agent)
	}
	return agent, span
}

// put gives a span back that could not be judged.
func (l *lateResults) put(agent intake.AgentNumber, s *lateSpan) {
	if o := l.spans[agent]; o != nil {
		if o.from.Before(s.from) {
			s.from = o.from
		}
		s.to, s.last = later(s.to, o.to), later(s.last, o.last)
	}
	l.spans[agent] = s
}

// lateDone notes that no late results wait.
func (e *Engine) lateDone(ctx context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.late.noted || len(e.late.spans) > 0 || e.late.replaying > 0 {
		return nil
	}
	if err := e.opt.Settings.SetSetting(ctx, lateSetting, ""); err != nil {
		return fmt.Errorf("noting that no late results wait: %w", err)
	}
	e.late.noted = false
	return nil
}

// lateChanges returns what the late results of a host would have said: of what would have begun among them, the begin and
// the end. What is recorded already is left out.
func (e *Engine) lateChanges(ctx context.Context, h ReplayHost, span *lateSpan, now time.Time) ([]watch.Change, error) {
	from, to := span.judged()
	var known []watch.Change
	err := e.opt.Store.Changes(ctx, watch.ChangeFilter{Agent: h.Agent, From: from, To: to, Kinds: []watch.ChangeKind{watch.Late}},
		func(c watch.Change) error { known = append(known, c); return nil })
	if err != nil {
		return nil, fmt.Errorf("reading changes of alarms: %w", err)
	}
	var changes []watch.Change
	err = Replay(ctx, e.opt.Rules, []ReplayHost{h}, e.opt.Results, from, to, nil, func(f watch.Firing) error {
		if f.From.Before(from) || len(changes) >= maxLateChanges {
			return nil // it began with results that were in time, and was told then
		}
		until := f.To
		if until.IsZero() {
			until = to
		}
		c := watch.Change{Key: f.Key, AgentID: f.AgentID, Host: f.Host, At: f.From, Until: until, State: f.State, Value: f.Peak,
			Threshold: f.Threshold, Text: f.Text + "; arrived " + clock(span.last, now), Kind: watch.Late}
		if !slices.ContainsFunc(known, func(k watch.Change) bool {
			return k.Key == c.Key && k.State == c.State && k.At.UnixMilli() == c.At.UnixMilli()
		}) {
			changes = append(changes, c)
		}
		return nil
	})
	return changes, err
}
