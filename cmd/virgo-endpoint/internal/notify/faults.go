package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

const (
	// complainAfter failures, or failingFor, others are told that a notifier fails, and then each complainEvery.
	complainAfter = 3
	failingFor    = 5 * time.Minute
	complainEvery = time.Hour
)

// complain tells others that this notifier fails.
func (w *worker) complain(ctx context.Context) error {
	now := w.n.now()
	if w.failures < complainAfter && now.Sub(w.failingSince) < failingFor {
		return nil
	}
	if !w.told.IsZero() && now.Sub(w.told) < complainEvery {
		return nil
	}
	w.told = now
	w.n.log.Error("a notifier fails", "notifier", w.config.Name, "since", w.failingSince, "error", w.lastErr)
	waiting := ""
	if states, err := w.n.queue.Notifiers(ctx); err == nil {
		for _, s := range states {
			if s.Name == w.config.Name && s.Waiting > 0 {
				waiting = fmt.Sprintf("; %d waiting", s.Waiting)
			}
		}
	}
	return w.n.tellOthers(ctx, w.setup, w.config.Name, fmt.Sprintf("the notifier %q has failed since %s: %s%s", w.config.Name,
		w.n.composer.time(w.failingSince), w.lastErr, waiting), nil)
}

// giveUp deletes rows that cannot be sent, after others were told what was in them.
func (w *worker) giveUp(ctx context.Context, rows []watch.Row, cause, why string) error {
	w.n.log.Error("notifications are given up", "notifier", w.config.Name, "number", len(rows), "error", cause)
	text := fmt.Sprintf("what the notifier %q was to tell %s: %s", w.config.Name, why, cause)
	if err := w.n.tellOthers(ctx, w.setup, w.config.Name, text, rows); err != nil {
		return err
	}
	return w.n.queue.Settle(ctx, w.config.Name, ids(rows), watch.Outcome{Dropped: true, Err: cause, At: w.n.now()})
}

// adopt passes on what is due for notifiers that the configuration has no more.
func (n *Notifier) adopt(ctx context.Context, s setup) error {
	states, err := n.queue.Notifiers(ctx)
	if err != nil {
		return err
	}
	for _, one := range states {
		if one.Waiting == 0 || s.config.Notifier(one.Name) != nil {
			continue
		}
		now := n.now()
		rows, err := n.queue.Due(ctx, one.Name, now, maxDue)
		if err != nil {
			return err
		}
		if s.config.Silent() { // nobody else could be told: they may be wanted again
			rows, _ = split(rows, now.Add(-KeptFor))
		}
		if len(rows) == 0 {
			continue
		}
		n.log.Warn("there is no such notifier any more: others are told instead", "notifier", one.Name, "number", len(rows))
		text := fmt.Sprintf("there is no notifier %q in notify.yaml; it was to tell this", one.Name)
		if err := n.tellOthers(ctx, s, one.Name, text, rows); err != nil {
			return err
		}
		if err := n.queue.Settle(ctx, one.Name, ids(rows), watch.Outcome{Dropped: true, At: now}); err != nil {
			return err
		}
	}
	return nil
}

// tellOthers queues an event about a notifier for those who are told of it: never itself. rows are what it did not
// tell; of those that were about a notifier themselves nothing is passed on, or two that fail would go on for ever.
func (n *Notifier) tellOthers(ctx context.Context, s setup, name, text string, rows []watch.Row) error {
	now := n.now()
	e := watch.Event{Kind: watch.NotifierEvent, At: now, Text: oneLine(text), Standing: watch.Standing{State: alarm.Warning}}
	passedOn := rows == nil
	for _, r := range rows {
		var lost watch.Event
		if json.Unmarshal(r.Event, &lost) != nil || lost.Kind == watch.NotifierEvent {
			continue
		}
		passedOn = true
		if lost.Kind == watch.AlarmEvent {
			e.Members = append(e.Members, lost.Standing)
		} else {
			e.Text += "; " + oneLine(lost.Text)
			e.Members = append(e.Members, lost.Members...)
		}
	}
	if !passedOn {
		return nil
	}
	var queued []watch.Row
	for _, other := range s.config.others(name) {
		queued = append(queued, watch.Row{Notifier: other, Group: "notifier " + name, Due: now, Created: now, Event: encode(e)})
	}
	if len(queued) == 0 {
		return nil
	}
	return n.queue.Add(ctx, queued)
}
