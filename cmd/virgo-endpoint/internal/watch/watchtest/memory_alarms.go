package watchtest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// errNoSuchChange is returned when a silence is to hold a change back that is not among those of the step.
var errNoSuchChange = errors.New("no such change in this step")

type memoryAlarms struct{ m *Memory }

func (a memoryAlarms) Load(ctx context.Context) (int64, []watch.Saved, error) {
	defer a.m.lock()()
	var list []watch.Saved
	for _, s := range a.m.states {
		list = append(list, copiedState(s))
	}
	slices.SortFunc(list, func(a, b watch.Saved) int { return compareKeys(a.Key, b.Key) })
	return a.m.cursor, list, ctx.Err()
}

func compareKeys(a, b watch.Key) int {
	return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.CheckID, b.CheckID),
		cmp.Compare(a.Dimension, b.Dimension))
}

func (a memoryAlarms) Save(ctx context.Context, step watch.AlarmsStep) ([]int64, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, indices := range step.Held {
		for _, i := range indices {
			if i < 0 || i >= len(step.Changes) {
				return nil, errNoSuchChange
			}
		}
	}
	defer a.m.lock()()
	a.m.cursor = step.Cursor
	for _, s := range step.States {
		if s.State == alarm.OK && len(s.Machine) == 0 {
			delete(a.m.states, s.Key)
			continue
		}
		s = copiedState(s)
		s.AckedBy, s.AckedAt = "", time.Time{}
		if before, ok := a.m.states[s.Key]; ok && s.State != alarm.OK {
			s.AckedBy, s.AckedAt = before.AckedBy, before.AckedAt
		}
		put(&a.m.states, s.Key, s)
	}
	for _, k := range step.Gone {
		delete(a.m.states, k)
	}
	var ids []int64
	for _, c := range step.Changes {
		if c.Kind != watch.Late {
			a.close(c.At, func(open *watch.Change) bool { return open.Key == c.Key })
		}
		c.ID, c.At, c.Until = a.m.nextID(), stored(c.At), stored(c.Until)
		c.Value, c.Threshold = copied(c.Value), copied(c.Threshold)
		a.m.changes = append(a.m.changes, c)
		ids = append(ids, c.ID)
	}
	for silence, indices := range step.Held {
		for _, i := range indices {
			put(&a.m.held, silence, append(a.m.held[silence], ids[i]))
		}
	}
	a.m.add(step.Queued)
	return ids, nil
}

// close ends the changes that last and are selected.
func (a memoryAlarms) close(at time.Time, selected func(*watch.Change) bool) {
	for i := range a.m.changes {
		if c := &a.m.changes[i]; c.Until.IsZero() && c.Kind != watch.Late && selected(c) {
			c.Until = stored(at)
		}
	}
}

func copiedState(s watch.Saved) watch.Saved {
	s.Tags, s.Machine = slices.Clone(s.Tags), slices.Clone(s.Machine)
	s.Value, s.Threshold = copied(s.Value), copied(s.Threshold)
	s.Since, s.AckedAt, s.From, s.To = stored(s.Since), stored(s.AckedAt), stored(s.From), stored(s.To)
	return s
}

func (a memoryAlarms) Changes(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error {
	unlock := a.m.lock()
	var list []watch.Change
	for _, c := range a.m.changes {
		if f.Agent != 0 && c.Agent != f.Agent || f.Rule != "" && c.Rule != f.Rule || f.OnlyOpen && !c.State.Open() ||
			f.Kinds != nil && !slices.Contains(f.Kinds, c.Kind) || !f.To.IsZero() && !c.At.Before(stored(f.To)) ||
			!f.From.IsZero() && !c.Until.IsZero() && !c.Until.After(stored(f.From)) {
			continue
		}
		c.Value, c.Threshold = copied(c.Value), copied(c.Threshold)
		list = append(list, c)
	}
	unlock()
	slices.SortFunc(list, func(a, b watch.Change) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	if f.Limit > 0 {
		slices.Reverse(list)
		list = list[:min(f.Limit, len(list))]
	}
	for _, c := range list {
		if err := cmp.Or(ctx.Err(), fn(c)); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (a memoryAlarms) Acknowledge(ctx context.Context, k watch.Key, by string, at time.Time) error {
	defer a.m.lock()()
	s, ok := a.m.states[k]
	if !ok || s.State == alarm.OK {
		return cmp.Or(ctx.Err(), watch.ErrNoSuchState)
	}
	s.AckedBy, s.AckedAt = by, stored(at)
	if by == "" {
		s.AckedAt = time.Time{}
	}
	a.m.states[k] = s
	a.m.version++
	return nil
}

func (a memoryAlarms) Forget(ctx context.Context, agent intake.AgentNumber) error {
	defer a.m.lock()()
	for k := range a.m.states {
		if k.Agent == agent {
			delete(a.m.states, k)
		}
	}
	a.close(a.m.now(), func(c *watch.Change) bool { return c.Agent == agent })
	return ctx.Err()
}

func (a memoryAlarms) DeleteChanges(ctx context.Context, before time.Time, limit int) (int, error) {
	defer a.m.lock()()
	n := 0
	a.m.changes = slices.DeleteFunc(a.m.changes, func(c watch.Change) bool {
		ended := c.Until
		if ended.IsZero() && !c.State.Open() {
			ended = c.At
		}
		if n == limit || ended.IsZero() || !ended.Before(stored(before)) {
			return false
		}
		n++
		for silence, ids := range a.m.held {
			a.m.held[silence] = slices.DeleteFunc(ids, func(id int64) bool { return id == c.ID })
		}
		return true
	})
	return n, ctx.Err()
}
