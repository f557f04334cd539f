package live

import (
	"slices"
	"strings"
	"time"
	"unique"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// take changes what is known of a host as its result says. The lock is held.
func (t *Table) take(h *host, r *intake.Result, metrics []intake.Metric) {
	if r.Received.After(h.known.LastSeen) {
		h.known.LastSeen = r.Received
	}
	h.wasLate = h.wasLate || r.Late
	state := intake.StateOf(r.AgentID, r)
	i, found := h.find(r.CheckID)
	if !found {
		if len(h.checks) >= intake.MaxChecks {
			t.left += int64(len(metrics))
			return
		}
		h.checks = slices.Insert(h.checks, i, check{id: unique.Make(r.CheckID), rate: -1})
	}
	c := &h.checks[i]
	if r.Seq != 0 && r.Seq <= c.seq {
		return // the table was read when that was stored already
	}
	if found {
		if known := c.latest(h.known.ID); !state.Replaces(&known) {
			return
		}
	}
	before := check{place: c.place, values: c.values}
	c.setState(&state, r.PlaceInTime(), r.Seq)
	h.series -= len(c.values)
	c.values = t.values(h, before.values, metrics)
	h.series += len(c.values)
	c.rate = networkRate(c, &before)
}

// find returns the place of a check.
func (h *host) find(checkID string) (int, bool) {
	return slices.BinarySearchFunc(h.checks, checkID, func(c check, id string) int { return strings.Compare(c.id.Value(), id) })
}

// setState notes what a result says about its check.
func (c *check) setState(s *intake.CheckState, place time.Time, seq int64) {
	if c.typ == (unique.Handle[string]{}) || c.typ.Value() != s.CheckType {
		c.typ = unique.Make(s.CheckType)
	}
	c.at, c.place, c.came, c.period, c.seq = s.Time.UnixMilli(), place.UnixMilli(), s.Received.UnixMilli(), s.Period, seq
	c.state = 0
	if s.State == "available" {
		c.state |= available
	}
	if s.Refused {
		c.state |= refused
	}
	if s.Late {
		c.state |= late
	}
}

// latest is the check as intake knows it.
func (c *check) latest(agentID string) intake.CheckState {
	s := intake.CheckState{AgentID: agentID, CheckID: c.id.Value(), CheckType: c.typ.Value(), State: "unavailable",
		Refused: c.state&refused != 0, Late: c.state&late != 0,
		Time: time.UnixMilli(c.at), Received: time.UnixMilli(c.came), Period: c.period}
	if c.state&available != 0 {
		s.State = "available"
	}
	if v, ok := c.waiting(); ok {
		s.Waiting = &v
	}
	return s
}

// values returns the numbers among metrics. before are those of the result before, which has the same names as a rule.
func (t *Table) values(h *host, before []value, metrics []intake.Metric) []value {
	n := 0
	for i := range metrics {
		if metrics[i].Type != "string" {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	list := make([]value, 0, n)
	for i := range metrics {
		v, ok := metrics[i].Number()
		if !ok {
			continue
		}
		if h.series+len(list) >= MaxSeriesOfHost {
			t.left++
			continue
		}
		one := name{metrics[i].Dimension, metrics[i].Name, metrics[i].Type, metrics[i].Unit}
		var handle unique.Handle[name]
		if k := len(list); k < len(before) && before[k].name.Value() == one {
			handle = before[k].name
		} else {
			handle = unique.Make(one)
		}
		list = append(list, value{handle, v.Float()})
	}
	return list
}

// view is the check as others see it.
func (c *check) view() Check {
	return Check{ID: c.id.Value(), Type: c.typ.Value(), Available: c.state&available != 0, Refused: c.state&refused != 0,
		Late: c.state&late != 0, Time: time.UnixMilli(c.place), Received: time.UnixMilli(c.came), Period: c.period, Seq: c.seq}
}

// samples appends the host's values to list.
func (h *host) samples(list []Sample) []Sample {
	for i := range h.checks {
		c := &h.checks[i]
		view := c.view()
		for k := range c.values {
			n := c.values[k].name.Value()
			list = append(list, Sample{view, n.dimension, n.metric, n.kind, n.unit, c.values[k].number})
		}
	}
	return list
}
