package run

import (
	"slices"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// shown is what only the report to a person needs of the stored state.
type shown struct {
	before    map[string]collect.Result
	scheduled int
	nextID    string
	next      time.Time
}

// readShown reads it in the claiming transaction, in which the latest results are still those before
// this run.
func readShown(st schedule.Reader, agent string, s schedule.Schedule, due []schedule.Claimed, now time.Time) shown {
	r := shown{before: make(map[string]collect.Result, len(due))}
	for _, d := range due {
		// One that cannot be read is absent, as in Latest.
		if before, ok := parseLatest(d.Check.ID, st.Get(schedule.LatestSpace, d.Check.ID)); ok {
			r.before[d.Check.ID] = before
		}
	}
	for _, c := range s.Checks {
		if c.Disabled {
			continue
		}
		r.scheduled++
		if len(due) > 0 {
			continue
		}
		if next := schedule.Next(agent, c, schedule.ReadLast(st, c.ID), now); r.nextID == "" || next.Before(r.next) {
			r.nextID, r.next = c.ID, next
		}
	}
	return r
}

func (s shown) addTo(r *Report) {
	r.Before, r.Scheduled, r.NextID, r.Next = s.before, s.scheduled, s.nextID, s.next
}

// A running calls Options.Checking, if it is set.
type running struct {
	call func(running []string, all int)
	ids  []string
	all  int
}

func newRunning(p plan, c claims) running {
	r := running{call: p.checking, all: len(c.due)}
	if r.call == nil {
		return r
	}
	for _, d := range c.due {
		r.ids = append(r.ids, d.Check.ID)
	}
	r.call(r.ids, r.all)
	return r
}

// end is called when a check has ended.
func (r *running) end(id string) {
	if r.call == nil {
		return
	}
	if i := slices.Index(r.ids, id); i >= 0 {
		r.ids = slices.Delete(r.ids, i, i+1)
	}
	r.call(r.ids, r.all)
}
