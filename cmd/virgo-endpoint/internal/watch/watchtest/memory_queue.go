package watchtest

import (
	"cmp"
	"context"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

type memoryQueue struct{ m *Memory }

// add adds rows; m is locked.
func (m *Memory) add(rows []watch.Row) {
	for _, r := range rows {
		r.ID, r.Due, r.Created, r.Event = m.nextID(), stored(r.Due), stored(r.Created), slices.Clone(r.Event)
		m.queue = append(m.queue, r)
	}
}

func (q memoryQueue) Add(ctx context.Context, rows []watch.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer q.m.lock()()
	q.m.add(rows)
	return nil
}

func (q memoryQueue) Due(ctx context.Context, notifier string, now time.Time, limit int) ([]watch.Row, error) {
	defer q.m.lock()()
	var list []watch.Row
	for _, r := range q.m.queue {
		if r.Notifier == notifier && !r.Due.After(stored(now)) {
			r.Event = slices.Clone(r.Event)
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b watch.Row) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID)) })
	return list[:min(limit, len(list))], ctx.Err()
}

func (q memoryQueue) Settle(ctx context.Context, notifier string, ids []int64, o watch.Outcome) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer q.m.lock()()
	for i := range q.m.queue {
		if r := &q.m.queue[i]; r.Notifier == notifier && slices.Contains(ids, r.ID) {
			r.Attempt, r.Due, r.Err = r.Attempt+1, stored(o.Due), o.Err
		}
	}
	if o.Sent || o.Dropped {
		q.m.queue = slices.DeleteFunc(q.m.queue, func(r watch.Row) bool {
			return r.Notifier == notifier && slices.Contains(ids, r.ID)
		})
	}
	q.m.add(o.Next)
	n := q.m.notifiers[notifier]
	n.Name = notifier
	switch {
	case o.Sent:
		n = watch.NotifierState{Name: notifier, LastOK: stored(o.At)}
	case o.Err != "":
		if n.FailingSince.IsZero() {
			n.FailingSince = stored(o.At)
		}
		n.Failures, n.Err = n.Failures+1, o.Err
	}
	put(&q.m.notifiers, notifier, n)
	return nil
}

func (q memoryQueue) Next(ctx context.Context) (time.Time, error) {
	defer q.m.lock()()
	var next time.Time
	for _, r := range q.m.queue {
		if next.IsZero() || r.Due.Before(next) {
			next = r.Due
		}
	}
	return next, ctx.Err()
}

func (q memoryQueue) Notifiers(ctx context.Context) ([]watch.NotifierState, error) {
	defer q.m.lock()()
	all := map[string]watch.NotifierState{}
	for name, n := range q.m.notifiers {
		all[name] = n
	}
	for _, r := range q.m.queue {
		n := all[r.Notifier]
		n.Name, n.Waiting = r.Notifier, n.Waiting+1
		if n.OldestWaiting.IsZero() || r.Created.Before(n.OldestWaiting) {
			n.OldestWaiting = r.Created
		}
		all[r.Notifier] = n
	}
	return byKey(all), ctx.Err()
}

func (q memoryQueue) Held(ctx context.Context, silence int64) ([]watch.Change, error) {
	defer q.m.lock()()
	var list []watch.Change
	for _, c := range q.m.changes {
		if slices.Contains(q.m.held[silence], c.ID) {
			c.Value, c.Threshold = copied(c.Value), copied(c.Threshold)
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b watch.Change) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return list, ctx.Err()
}

func (q memoryQueue) Release(ctx context.Context, silence int64, rows []watch.Row) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer q.m.lock()()
	delete(q.m.held, silence)
	q.m.add(rows)
	return nil
}
