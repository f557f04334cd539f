package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// attemptsInRow is how often one message is tried before those of other hosts get their turn.
const attemptsInRow = 3

// choose returns the rows of the next message: all of a host, in their order, so that an alarm's end is never told
// before its begin; those of all hosts where there are more than ten. A message that is refused again and again
// lets those of other hosts pass.
func choose(rows []watch.Row) []watch.Row {
	type unit struct {
		rows  []watch.Row
		round int
	}
	slices.SortFunc(rows, func(a, b watch.Row) int { return cmp.Compare(a.ID, b.ID) })
	var units []*unit
	byKey := make(map[string]*unit)
	for _, r := range rows {
		key := unitKey(&r)
		u := byKey[key]
		if u == nil {
			u = &unit{}
			byKey[key] = u
			units = append(units, u)
		}
		u.rows = append(u.rows, r)
		u.round = max(u.round, r.Attempt/attemptsInRow)
	}
	slices.SortStableFunc(units, func(a, b *unit) int { return cmp.Compare(a.round, b.round) })
	if len(units) <= maxHosts {
		return units[0].rows
	}
	var all []watch.Row
	for _, u := range units {
		if u.round == units[0].round {
			all = append(all, u.rows...)
		}
	}
	return all
}

// unitKey is the host of a row, or the group of one that is about no host.
func unitKey(r *watch.Row) string {
	if host, _, ok := strings.Cut(r.Group, "@"); ok && strings.HasPrefix(host, hostGroup) {
		return host
	}
	return r.Group
}

// relevant returns the rows that are still to be told. Who is told later hears of alarms alone that are as they were:
// one that changed has rows of its own, and nobody is woken for one that somebody looks after.
func (w *worker) relevant(ctx context.Context, rows []watch.Row, now time.Time) ([]watch.Row, error) {
	var kept []watch.Row
	var over, held []int64
	for _, r := range rows {
		if r.Level == 0 || w.n.standing == nil {
			kept = append(kept, r)
			continue
		}
		var e watch.Event
		if err := json.Unmarshal(r.Event, &e); err != nil {
			kept = append(kept, r)
			continue
		}
		switch w.n.stillOpen(&e) {
		case ended:
			over = append(over, r.ID)
		case silenced:
			held = append(held, r.ID)
		default:
			r.Event = encode(e)
			kept = append(kept, r)
		}
	}
	if len(over) > 0 {
		if err := w.n.queue.Settle(ctx, w.config.Name, over, watch.Outcome{Dropped: true, At: now}); err != nil {
			return nil, err
		}
	}
	if len(held) > 0 {
		if err := w.n.queue.Settle(ctx, w.config.Name, held, watch.Outcome{Due: now.Add(postponed), At: now}); err != nil {
			return nil, err
		}
	}
	return kept, nil
}

// What became of an alarm since its event.
type sequel int

const (
	lasts sequel = iota
	ended
	silenced
)

// stillOpen says what became of an alarm, or of those that an event sums up, and brings the event up to date.
func (n *Notifier) stillOpen(e *watch.Event) sequel {
	one := func(s *watch.Standing) sequel {
		now, ok := n.standing(s.Key)
		switch {
		case !ok, !now.State.Open(), now.AckedBy != "", now.Since.After(e.At):
			return ended
		case now.SilencedBy != 0:
			return silenced
		}
		*s = now
		return lasts
	}
	if len(e.Members) == 0 {
		return one(&e.Standing)
	}
	best := ended
	var open []watch.Standing
	for _, m := range e.Members {
		is := one(&m)
		if is == lasts {
			open = append(open, m)
		}
		if is == lasts || best == ended {
			best = is
		}
	}
	e.Members = open
	return best
}

// reminders returns the next reminder of each alarm that one was sent of.
func (w *worker) reminders(rows []watch.Row) []watch.Row {
	var again []watch.Row
	now := w.n.now()
	for _, r := range rows {
		var e watch.Event
		if r.Level != reminderLevel || json.Unmarshal(r.Event, &e) != nil {
			continue
		}
		if every := w.setup.config.repetition(&e, w.config.Name); every > 0 {
			r.ID, r.Attempt, r.Err, r.Due, r.Created = 0, 0, "", now.Add(every), now // a failure of today is not one of days
			again = append(again, r)
		}
	}
	return again
}

// repetition is how often a notifier is reminded of an alarm.
func (c *Config) repetition(e *watch.Event, name string) time.Duration {
	for _, w := range c.ways(e) {
		if w.repeat > 0 && slices.Contains(w.notify, name) {
			return w.repeat
		}
	}
	return 0
}

// split returns the rows that are older than a time, and the others.
func split(rows []watch.Row, limit time.Time) (old, young []watch.Row) {
	for _, r := range rows {
		if r.Created.Before(limit) {
			old = append(old, r)
		} else {
			young = append(young, r)
		}
	}
	return old, young
}

func ids(rows []watch.Row) []int64 {
	list := make([]int64, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.ID)
	}
	return list
}
