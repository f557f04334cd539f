package agent

import (
	"context"
	"fmt"

	"virgo/schedule"
	"virgo/transport"
)

// Flush is [Agent.FlushSelection] of all that waits.
func (a *Agent) Flush(ctx context.Context) (Delivery, error) {
	return a.FlushSelection(ctx, Selection{})
}

// FlushSelection delivers what waits, and does nothing else. It tries also where a run would leave the endpoint
// alone.
func (a *Agent) FlushSelection(ctx context.Context, sel Selection) (Delivery, error) {
	l, err := a.link(ctx)
	if err != nil {
		return Delivery{}, err
	}
	defer l.drop()
	l.byHand = true
	q := &queue{agent: a, backlog: true, Selection: sel}
	if q.loss, err = a.freeze(ctx); err != nil {
		a.Verbose("losses: not reported this time: %v", err)
	}
	return a.deliver(ctx, l, q), nil
}

// FetchSchedule asks the endpoint for the schedule now, whatever the age of the cached one.
func (a *Agent) FetchSchedule(ctx context.Context) ([]schedule.Problem, error) {
	l, err := a.link(ctx)
	if err != nil {
		return nil, err
	}
	defer l.drop()
	problems, err := l.askSchedule(ctx, true)
	if err != nil {
		return problems, err
	}
	l.goodbye(ctx)
	return problems, l.save(ctx)
}

// Probe opens a session and ends it again: what `virgo setup` wants to know. It keeps nothing.
func (a *Agent) Probe(ctx context.Context) (endpoint string, err error) {
	l := &link{agent: a}
	defer l.drop()
	if err := l.open(ctx); err != nil {
		return "", err
	}
	if _, err := l.greeted(ctx); err != nil {
		return l.endpoint, err
	}
	l.goodbye(ctx)
	return l.endpoint, nil
}

func (a *Agent) link(ctx context.Context) (*link, error) {
	st, err := a.State(ctx)
	if err != nil {
		return nil, err
	}
	return &link{agent: a, state: st}, nil
}

// deliver hands over what the queue holds. Where another process is at it, this one leaves it to that one.
func (a *Agent) deliver(ctx context.Context, l *link, q *queue) Delivery {
	started := a.Now()
	if held := l.held(); held != nil && !q.memory { // what is in memory alone has no later run to go out with
		a.Verbose("delivery: %v", held)
		return Delivery{Tried: true, Err: held}
	}
	release, ok, err := a.Spool.TryDeliver()
	switch {
	case q.memory: // what is in memory alone waits for nobody
	case err != nil:
		return Delivery{Tried: true, Err: err}
	case !ok:
		a.Verbose("delivery: another run is at it")
		return Delivery{Busy: true}
	}
	if ok {
		defer release()
	}
	q.link, l.started = l, started
	d := Delivery{Tried: true, Err: a.attempts(ctx, l, q)}
	l.leaveChanged(ctx) // it was told, and then the session broke off
	d.Endpoint, d.Delivered, d.Refused, d.Passed = l.endpoint, q.delivered, q.refused, q.passed
	d.Took = a.Now().Sub(started)
	l.conclude(ctx, d, q.memory)
	return d
}

// attempts runs sessions until the queue is empty, or until trying again is of no use or no time.
func (a *Agent) attempts(ctx context.Context, l *link, q *queue) error {
	if l.failed != nil && !transport.MayPass(l.failed) {
		return l.failed
	}
	tries := 3
	if l.state.Link.FailingSinceMS != 0 || l.failed != nil {
		tries = 1 // it was away before; the next run is the next try
	}
	return transport.Retry(ctx, transport.RetryOptions{Attempts: tries}, func(ctx context.Context) error {
		err := l.attempt(ctx, q)
		if err != nil {
			a.Verbose("delivery: %v", err)
			l.drop()
			q.rewind()
		}
		return err
	})
}

// attempt is one session from hello to goodbye.
func (l *link) attempt(ctx context.Context, q *queue) error {
	if err := l.open(ctx); err != nil {
		return err
	}
	if _, err := l.sess.Deliver(ctx, q); err != nil {
		return fmt.Errorf("delivering to %s: %w", l.endpoint, err)
	}
	w, err := l.greeted(ctx)
	if err != nil {
		return err
	}
	if l.changed || (w.ScheduleChanged != nil && *w.ScheduleChanged) {
		if _, err := l.askSchedule(ctx, true); err != nil {
			// The results are delivered; the schedule is what the next run begins with.
			l.agent.Verbose("schedule: asked for again by the next run: %v", err)
			l.markChanged(ctx)
		}
	}
	l.goodbye(ctx)
	return nil
}

// goodbye ends a session in order. What fails now has cost nothing.
func (l *link) goodbye(ctx context.Context) {
	if err := l.sess.Close(ctx); err != nil {
		l.agent.Verbose("session: %v", err)
	}
	if offset, ok := l.sess.ClockOffset(); ok {
		l.setOffset(offset)
	}
	l.sess = nil
	l.leaveChanged(ctx) // it was told with the last heartbeat
}
