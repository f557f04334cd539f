package agent

import (
	"context"
	"fmt"
	"slices"
	"time"

	"virgo/schedule"
	"virgo/spool"
	"virgo/transport"
)

// features are what this agent announces in hello.
var features = []transport.Feature{
	{Name: transport.FeaturePipelining, Version: "1"},
	{Name: transport.FeatureResultID, Version: "1"},
	{Name: transport.FeatureScheduleHash, Version: "1"},
}

// A link is the session of a run, where there is one: opened when first needed, used for everything.
type link struct {
	agent    *Agent
	state    State // as remembered, and as this run will leave it
	dirty    bool  // state.Link has news that no transaction has taken yet
	sess     *transport.Session
	endpoint string
	tickets  tickets
	resumed  bool // the TLS session went on from an earlier one
	opened   time.Time
	started  time.Time // when the delivery began
	// byHand is set where a person asked for this delivery.
	byHand bool
	// changed is set when the endpoint says that the schedule changed.
	changed bool
	// failed is why the session that was to fetch the schedule did not; the delivery need not try
	// again at once where that is not going to help.
	failed error
}

// hash is what hello says of the cached schedule; empty where it is to be sent anew whatever it is.
func (l *link) hash() string {
	if !l.state.HasCached || l.state.Cached.Changed {
		return ""
	}
	return l.state.Cached.Hash
}

// open dials and says hello, unless a session is there already.
func (l *link) open(ctx context.Context) error { return l.openFor(ctx, ctx) }

// openFor is open, with a session that may live longer than the dialing.
func (l *link) openFor(dialing, ctx context.Context) error {
	if l.sess != nil {
		return nil
	}
	a := l.agent
	token, err := a.Token()
	if err != nil {
		return &ConfigError{Err: fmt.Errorf("reading the token: %w", err)}
	}
	dialer := transport.Dialer{Endpoints: a.Endpoints, TLS: a.TLS, Proxy: a.Proxy, Tickets: &l.tickets, DialContext: a.DialContext}
	dialer.TLS.TicketSecret = func() (string, error) { return token, nil }
	l.tickets.endpoint, l.tickets.was = l.state.Link.Endpoint, l.state.ticket
	age := a.Now().Sub(time.UnixMilli(l.state.Link.TicketMS))
	l.tickets.young = age >= 0 && age < ticketUse
	l.opened = a.Now()
	conn, endpoint, err := dialer.Dial(dialing)
	if err != nil {
		return err
	}
	if a.Connected != nil {
		a.Connected()
	}
	l.endpoint, l.resumed = endpoint, transport.Resumed(conn)
	l.tickets.answered(l.resumed)
	how := ""
	if l.resumed {
		how = ", TLS session resumed"
	}
	a.Verbose("session: connected to %s%s", endpoint, how)
	l.sess = transport.Start(ctx, conn, transport.Identity{
		AgentID:        a.ID,
		AgentName:      a.Name,
		Token:          token,
		ProcessVersion: a.Version,
		BundleVersion:  a.Version,
		Features:       features,
		ScheduleHash:   l.hash(),
	}, transport.SessionOptions{
		Pipelined: slices.Contains(l.state.Link.Features[endpoint], transport.FeaturePipelining),
		Handler:   l.answer,
		Now:       a.Now,
		Large:     a.Large,
	})
	return nil
}

// greeted waits for hello's answer and remembers what it announced.
func (l *link) greeted(ctx context.Context) (transport.Welcome, error) {
	w, err := l.sess.Welcome(ctx)
	if err != nil {
		return w, err
	}
	names := make([]string, 0, len(w.Features))
	for _, f := range w.Features {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	if l.state.Link.setFeatures(l.endpoint, names) {
		l.dirty = true
	}
	return w, nil
}

// drop ends a session that did not come to its end, without waiting for anything.
func (l *link) drop() {
	if l.sess != nil {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = l.sess.Close(ctx) // why it ended is known already
		l.sess = nil
	}
}

// askSchedule brings the cached schedule up to date in this run's session. The copy that is there is
// never given up for one that is not complete. With fresh, it is sent anew even if its hash still holds.
func (l *link) askSchedule(ctx context.Context, fresh bool) ([]schedule.Problem, error) {
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	a := l.agent
	w, err := l.greeted(ctx)
	if err != nil {
		return nil, err
	}
	cached := l.state.Cached
	var problems []schedule.Problem
	if !fresh && !l.changed && l.hash() != "" && w.ScheduleChanged != nil && !*w.ScheduleChanged {
		cached.Fetched = a.Now()
	} else {
		l.changed = false
		result, err := l.sess.Call(ctx, "check_schedule.get", []byte("{}"))
		if err != nil {
			return nil, fmt.Errorf("asking %s for the schedule: %w", l.endpoint, err)
		}
		sch, hash, found, err := schedule.ParseEndpoint(result)
		if err != nil {
			return nil, fmt.Errorf("reading the schedule from %s: %w", l.endpoint, err)
		}
		problems = found
		cached = schedule.Cached{Schedule: sch, Fetched: a.Now(), Hash: hash}
	}
	a.Verbose("schedule: %d checks from %s", len(cached.Schedule.Checks), l.endpoint)
	l.state.Cached, l.state.HasCached = cached, true
	return problems, a.saveSchedule(ctx, cached)
}

// leaveChanged leaves a change that was told and not asked for to the next run.
func (l *link) leaveChanged(ctx context.Context) {
	if l.changed {
		l.changed = false
		l.markChanged(ctx)
	}
}

// markChanged lets the next run fetch a schedule that this one heard of and did not get.
func (l *link) markChanged(ctx context.Context) {
	if !l.state.HasCached || l.state.Cached.Changed {
		return // a run without a copy, or with a marked one, asks anyway
	}
	l.state.Cached.Changed = true
	ctx, cancel := afterwards(ctx)
	defer cancel()
	if err := l.agent.saveSchedule(ctx, l.state.Cached); err != nil {
		l.agent.Verbose("schedule: %v", err)
	}
}

func (a *Agent) saveSchedule(ctx context.Context, cached schedule.Cached) error {
	b, err := cached.Marshal()
	if err != nil {
		return fmt.Errorf("keeping the schedule: %w", err)
	}
	local, err := schedule.LoadDir(a.ChecksDir)
	if err != nil {
		return &ConfigError{Err: err}
	}
	err = a.Spool.Update(ctx, func(tx *spool.Tx) error {
		if err := tx.Put(agentSpace, scheduleKey, b); err != nil {
			return err
		}
		merged, _, err := scheduled(State{Cached: cached, HasCached: true}, local)
		if err != nil {
			return err
		}
		return schedule.Prune(tx, merged)
	})
	if err != nil {
		return &unsavedError{err}
	}
	return nil
}

// An unsavedError says that a schedule is there and that the disk did not take it.
type unsavedError struct{ err error }

func (e *unsavedError) Error() string { return "keeping the schedule: " + e.err.Error() }
func (e *unsavedError) Unwrap() error { return e.err }
