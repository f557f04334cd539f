package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

const (
	// KeptFor is how long a message is tried to be sent.
	KeptFor = 3 * 24 * time.Hour
	// hangGrace is how long a driver may take to come back behind its time.
	hangGrace = 2 * time.Second
	// shutdownGrace is how long a message may still take when the process is to end.
	shutdownGrace = 5 * time.Second
	// settleTimeout bounds a transaction of the queue, also one when the process is to end.
	settleTimeout = 10 * time.Second
	// maxDue rows are read at a time.
	maxDue = 500
	// postponed is how long an escalation waits while a silence holds.
	postponed = time.Minute
)

// pauses are those between attempts; the last one repeats.
var pauses = [...]time.Duration{10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

func pauseAfter(failures int) time.Duration { return pauses[min(max(failures, 1), len(pauses))-1] }

func errHangs(timeout time.Duration) error {
	return fmt.Errorf("it did not come back within %v", timeout)
}

// A worker sends the messages of one notifier, one at a time.
type worker struct {
	n      *Notifier
	setup  setup
	config *NotifierConfig
	driver Driver
	wake   chan struct{}

	failures     int
	failingSince time.Time
	lastErr      string
	told         time.Time // when others were told of it; zero if they were not
	pause        time.Time // nothing is tried before
}

func newWorker(n *Notifier, s setup, c *NotifierConfig) *worker {
	return &worker{n: n, setup: s, config: c, driver: s.drivers[c.Name], wake: make(chan struct{}, 1)}
}

func (w *worker) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *worker) run(ctx context.Context) {
	w.remember(ctx)
	for ctx.Err() == nil {
		if wait := w.pause.Sub(w.n.now()); wait > 0 {
			sleep(ctx, wait)
			continue
		}
		worked, err := w.step(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			w.n.log.Error("the queue of notifications fails", "notifier", w.config.Name, "error", err)
			sleep(ctx, pauses[0])
		case !worked:
			select {
			case <-ctx.Done():
			case <-w.wake:
			}
		}
	}
}

// remember takes over how the notifier did in the process before this one.
func (w *worker) remember(ctx context.Context) {
	states, err := w.n.queue.Notifiers(ctx)
	if err != nil {
		return // the first step says so
	}
	for _, s := range states {
		if s.Name == w.config.Name {
			w.failures, w.failingSince, w.lastErr = s.Failures, s.FailingSince, s.Err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// step sends one message. It reports whether there was anything to do.
func (w *worker) step(ctx context.Context) (bool, error) {
	now := w.n.now()
	rows, err := w.n.queue.Due(ctx, w.config.Name, now, maxDue)
	if err != nil || len(rows) == 0 {
		return false, err
	}
	batch := choose(rows)
	kept, err := w.relevant(ctx, batch, now)
	if err != nil || len(kept) == 0 {
		return true, err
	}
	return true, w.send(ctx, kept)
}

// send passes a message to the driver, and settles its rows.
func (w *worker) send(ctx context.Context, rows []watch.Row) error {
	if w.driver == nil {
		err := w.config.Fault
		if err == nil {
			err = errors.New("it has no driver")
		}
		return w.failed(ctx, rows, err)
	}
	m := w.n.composer.compose(w.config.Name, rows, w.n.now())
	sending, cancel := context.WithTimeout(context.WithoutCancel(ctx), w.config.Timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- w.driver.Send(sending, m) }()
	late := time.NewTimer(w.config.Timeout + hangGrace)
	defer late.Stop()
	select {
	case err := <-done:
		return w.settle(ctx, rows, err)
	case <-late.C:
		return w.hangs(ctx, rows, done)
	case <-ctx.Done():
	}
	select { // the process is to end, or has another configuration
	case err := <-done:
		return w.settle(ctx, rows, err)
	case <-time.After(shutdownGrace):
		return nil // not settled: it is sent again, with the same id
	}
}

// hangs waits for a driver that did not come back in its time: it gets nothing else meanwhile, and fails again with
// every pause. What it says in the end counts.
func (w *worker) hangs(ctx context.Context, rows []watch.Row, done <-chan error) error {
	for {
		if err := w.failed(ctx, rows, errHangs(w.config.Timeout)); err != nil {
			return err
		}
		timer := time.NewTimer(w.pause.Sub(w.n.now()))
		select {
		case err := <-done:
			timer.Stop()
			if err == nil {
				return w.settle(ctx, rows, nil)
			}
			return nil // it failed, as was noted
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// settle notes what the driver said.
func (w *worker) settle(ctx context.Context, rows []watch.Row, err error) error {
	if err != nil {
		return w.failed(ctx, rows, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	if err := w.n.queue.Settle(ctx, w.config.Name, ids(rows), watch.Outcome{Sent: true, At: w.n.now(), Next: w.reminders(rows)}); err != nil {
		return err
	}
	recovered := w.told
	failed := w.failingSince
	w.failures, w.failingSince, w.lastErr, w.told, w.pause = 0, time.Time{}, "", time.Time{}, time.Time{}
	if !recovered.IsZero() {
		w.n.log.Info("a notifier works again", "notifier", w.config.Name)
		w.n.tellOthers(ctx, w.setup, w.config.Name, fmt.Sprintf("the notifier %q works again; it had failed for %s",
			w.config.Name, span(w.n.now().Sub(failed))), nil)
	}
	return nil
}

// failed notes an attempt that failed: it is tried again after a pause, or given up.
func (w *worker) failed(ctx context.Context, rows []watch.Row, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	now := w.n.now()
	text := oneLine(cause.Error())
	w.failures++
	if w.failingSince.IsZero() {
		w.failingSince = now
	}
	if text != w.lastErr {
		w.n.log.Warn("a notification was not sent", "notifier", w.config.Name, "error", text, "attempts", w.failures)
	}
	w.lastErr = text
	var permanent *Permanent
	if errors.As(cause, &permanent) {
		if err := w.giveUp(ctx, rows, text, "was refused for ever"); err != nil {
			return err
		}
	} else {
		old, young := split(rows, now.Add(-KeptFor))
		if len(old) > 0 {
			if err := w.giveUp(ctx, old, text, "could not be sent for "+span(KeptFor)); err != nil {
				return err
			}
		}
		w.pause = now.Add(pauseAfter(w.failures))
		if len(young) > 0 {
			if err := w.n.queue.Settle(ctx, w.config.Name, ids(young), watch.Outcome{Due: w.pause, Err: text, At: now}); err != nil {
				return err
			}
		}
	}
	return w.complain(ctx)
}
