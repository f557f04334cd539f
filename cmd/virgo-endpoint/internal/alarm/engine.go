package alarm

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// TickEvery is how often [Engine.Tick] is to be called.
const TickEvery = 10 * time.Second

// Options are what an engine works with. Fields that may be nil say so.
type Options struct {
	Rules  *Rules
	Store  watch.Alarms
	Agents report.Source
	// Schedule returns the schedule that an agent is sent, as the result object of check_schedule.get, and its hash; nil:
	// checks have no alarms of their own.
	Schedule func(agentID string) (result json.RawMessage, hash string, err error)
	// Route returns who is told of an event; nil: nobody.
	Route func(watch.Event) []watch.Row
	// Changed is called with the agents of which alarms changed, when that is stored; nil: nobody wants to know.
	Changed func(agents ...intake.AgentNumber)
	// Silences and Queue hold notifications back; Queue is needed with Silences. They may be nil.
	Silences watch.Silences
	Queue    watch.Queue
	// Settings keep when the endpoint was last at work, and from where late results are to be looked at. It may be nil.
	Settings watch.Settings
	// History fills the windows of rules after a start; nil: they begin empty.
	History intake.PlotHistory
	// Results are read once more when they came late, and Feed finds those that were not looked at before a restart. They
	// may be nil.
	Results ResultSource
	Feed    intake.Feed
	// CertificateEnds returns when the endpoint's own certificate ends; nil or the zero time: unknown.
	CertificateEnds func() time.Time
	Now             func() time.Time
	Log             *slog.Logger
}

// A ResultSource reads stored results, as [intake.History] does.
type ResultSource interface {
	Results(ctx context.Context, filter intake.Filter, fn func(intake.Result) error) error
}

// An Engine judges results and silence. It is safe for concurrent use.
type Engine struct {
	opt Options

	// ticking is held by Tick, replaying by ReplayLate; mu is for all that follows, and not held while the store is read.
	ticking, replaying sync.Mutex

	mu       sync.Mutex
	hosts    map[intake.AgentNumber]*host
	silences silences
	late     lateResults
	// fleets are the tags of which it was told that most hosts are silent.
	fleets map[string]bool
	// generation is that of the rules that were read last.
	generation int64

	step    step
	failed  bool      // the last step may not be stored
	saved   int64     // the cursor that is stored
	savedAt time.Time // when it was
	// awake is since when the endpoint is at work without a pause, ticked when it last ticked, marked when that was stored.
	awake, ticked, marked time.Time
	// refreshed is when all agents were read, cleaned when old changes were deleted.
	refreshed, cleaned time.Time
}

// Name implements [feed.Follower].
func (e *Engine) Name() string { return "alarms" }

// New returns an engine that has loaded its states. The number of the last result that it judged is [Engine.Cursor].
func New(ctx context.Context, opt Options) (*Engine, error) {
	e := &Engine{opt: opt, hosts: map[intake.AgentNumber]*host{}, fleets: map[string]bool{}}
	e.silences.store = opt.Silences
	if err := e.load(ctx, opt.Now()); err != nil {
		return nil, err
	}
	return e, nil
}

// Cursor returns the number of the last result that was judged, and stored as such.
func (e *Engine) Cursor() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.saved
}

// load begins with what is stored.
func (e *Engine) load(ctx context.Context, now time.Time) error {
	if _, err := e.silences.refresh(ctx); err != nil {
		return fmt.Errorf("reading silences: %w", err)
	}
	agents, err := e.opt.Agents.Agents(ctx, "")
	if err != nil {
		return fmt.Errorf("reading agents: %w", err)
	}
	e.generation = e.opt.Rules.Generation()
	e.addHost(0).facts.Name = endpointName
	if err := e.loadStates(ctx, now); err != nil {
		return err
	}
	e.noteAgents(agents, true, now)
	if err := e.beginAwake(ctx, now); err != nil {
		return err
	}
	if err := e.restoreLate(ctx, e.saved); err != nil {
		return err
	}
	return e.mark(ctx, now)
}

// loadStates reads the states. What is in memory of them is forgotten.
func (e *Engine) loadStates(ctx context.Context, now time.Time) error {
	cursor, states, err := e.opt.Store.Load(ctx)
	if err != nil {
		return fmt.Errorf("reading the states of alarms: %w", err)
	}
	if e.opt.Feed != nil { // a store from a backup is behind
		newest, err := e.opt.Feed.Newest(ctx)
		if err != nil {
			return fmt.Errorf("reading the newest result: %w", err)
		}
		cursor = min(cursor, newest)
	}
	e.step, e.saved, e.savedAt, e.failed = step{cursor: cursor}, cursor, now, false
	clear(e.fleets)
	for _, h := range e.hosts {
		h.states, h.checks = nil, nil
	}
	for i := range states {
		e.restore(&states[i])
	}
	return nil
}

// recover reads what is stored if the last step may not be.
func (e *Engine) recover(ctx context.Context, now time.Time) error {
	if !e.failed {
		return nil
	}
	return e.loadStates(ctx, now)
}

// restore takes over a stored state. One that cannot be read begins anew.
func (e *Engine) restore(saved *watch.Saved) {
	s, err := restored(saved)
	if err != nil {
		e.opt.Log.Warn("the state of an alarm begins anew", "rule", saved.Rule, "agent", saved.AgentID, "error", err)
		e.step.drop(&state{Standing: saved.Standing})
		return
	}
	h := e.hosts[saved.Agent]
	if h == nil {
		h = e.addHost(saved.Agent)
	}
	if h.states == nil {
		h.states = map[stateKey]*state{}
	}
	h.states[keyOf(saved.Key)] = s
	if s.fleet != "" {
		e.fleets[s.fleet] = true
	}
}

// Take implements [feed.Follower].
func (e *Engine) Take(ctx context.Context, batch []feed.Item) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := e.opt.Now()
	if err := e.recover(ctx, now); err != nil {
		return err
	}
	if err := e.lookAtSilences(ctx); err != nil {
		return err
	}
	if err := e.noteLate(ctx, batch); err != nil {
		return err
	}
	for i := range batch {
		if batch[i].Result.Seq <= e.step.cursor {
			continue // it was judged already
		}
		if err := e.take(ctx, &batch[i], now); err != nil {
			return err
		}
		e.step.cursor = batch[i].Result.Seq
		if e.step.full() {
			if err := e.save(ctx, now); err != nil {
				return err
			}
		}
	}
	return e.save(ctx, now)
}

// take judges one result.
func (e *Engine) take(ctx context.Context, item *feed.Item, now time.Time) error {
	r := item.Result
	h, err := e.findHost(ctx, item.Agent, r.AgentID, now)
	if err != nil || h == nil {
		return err
	}
	if !r.Late {
		h.contact(r.Received)
	}
	if r.Refused {
		return nil
	}
	c, err := e.checkOf(ctx, h, r)
	if err != nil || c == nil {
		return err
	}
	c.note(h, item)
	if r.Late {
		return nil
	}
	if h.silent() {
		e.judgeHost(h, r.Received)
	}
	e.judgeCheck(h, c, r)
	return nil
}

// Lose implements [feed.Loser]: results that are gone are never judged.
func (e *Engine) Lose(_ context.Context, through, n int64) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.step.cursor = max(e.step.cursor, through)
	e.opt.Log.Warn("results were deleted before alarms were judged by them", "results", n)
	return nil
}
