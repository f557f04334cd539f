package localalarm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/alarm"
)

// maxQueued bounds the changes that wait to be told.
const maxQueued = 1000

// Options say who judges, and who is told.
type Options struct {
	AgentID, Host string
	Now           func() time.Time
	// Notice prints a line for people.
	Notice func(format string, args ...any)
	// Ways are how a change is told besides the line.
	Ways []Way
}

// A Way tells somebody of a change.
type Way struct {
	// Name stands in errors: "alarm.command".
	Name string
	Send func(ctx context.Context, c *Change) error
}

// A Judge judges the results of one run. It is not safe for concurrent use.
type Judge struct {
	opt Options
	own *schedule.Schedule
	// queued is the number of changes that wait; -1 before it is known. added counts those of this run.
	queued, added int
	overflow      bool
}

// New returns a judge.
func New(opt Options) *Judge { return &Judge{opt: opt, queued: -1} }

// Wants notes the host's own checks, and reports whether any has alarms.
func (j *Judge) Wants(own *schedule.Schedule) bool {
	j.own = own
	return HasAlarms(own)
}

// Judge judges a result in the transaction that persists it. A result that was judged already, in a transaction whose
// end is not known, changes nothing. Errors are those of the transaction.
func (j *Judge) Judge(tx schedule.Store, c *schedule.Check, r collect.Result) error {
	if !isJudged(c) || r.Refused {
		return nil
	}
	if err := j.begin(tx); err != nil {
		return err
	}
	s := parseState(tx.Get(stateSpace, c.ID))
	if s.AtMS == r.Time.UnixMilli() {
		return nil
	}
	rules, _ := Rules(c) // mistakes are told by schedule check
	if err := j.judge(tx, c, r, rules, &s); err != nil {
		return err
	}
	s.AtMS = r.Time.UnixMilli()
	b, err := s.encode()
	if errors.Is(err, errTooLarge) {
		return tx.Delete(stateSpace, c.ID)
	}
	if err != nil {
		return err
	}
	return tx.Put(stateSpace, c.ID, b)
}

func (j *Judge) judge(tx schedule.Store, c *schedule.Check, r collect.Result, rules []alarm.Rule, s *checkState) error {
	m := alarm.NewMemory(alarm.Needs(rules))
	if s.AtMS < r.Time.UnixMilli() { // else the clock was set back, and what is remembered lies ahead
		_ = m.UnmarshalBinary(s.Memory) // what cannot be read begins anew
	}
	m.Add(alarm.Result{
		At: r.Time, Period: c.Period, Available: r.State == collect.Available, Status: r.Status,
		Values: func(yield func(alarm.Value) bool) {
			for _, metric := range r.Metrics {
				if !yield(alarm.Value{Dimension: metric.Dimension, Name: metric.Name, Value: metric.Value}) {
					return
				}
			}
		},
	})
	s.States = slices.DeleteFunc(s.States, func(one state) bool {
		return !slices.ContainsFunc(rules, func(r alarm.Rule) bool { return r.ID == one.Rule && !r.Disabled })
	})
	for i := range rules {
		if rules[i].Disabled {
			continue
		}
		if err := j.judgeRule(tx, c, &rules[i], m, s); err != nil {
			return err
		}
	}
	b, err := m.MarshalBinary()
	s.Memory = b
	return err
}

// judgeRule judges a rule for each part of the check. A part that the check has no more has no value.
func (j *Judge) judgeRule(tx schedule.Store, c *schedule.Check, r *alarm.Rule, m *alarm.Memory, s *checkState) error {
	parts := slices.Clone(m.Parts(r))
	for i := range s.States {
		if s.States[i].Rule == r.ID && !slices.Contains(parts, s.States[i].Dimension) {
			parts = append(parts, s.States[i].Dimension)
		}
	}
	env := alarm.Env{CheckID: c.ID, CheckLabel: c.Label, Check: m, Now: m.Time()}
	for _, d := range parts {
		env.Dimension = d
		v, ok := r.Judge(&env)
		if !ok {
			continue
		}
		one := s.of(r.ID, d)
		if one == nil {
			return nil
		}
		changes := one.machine.Step(r, v, m.Time())
		one.Text, one.Value, one.Threshold = v.Text, v.Value, v.Threshold
		for _, t := range changes {
			if err := j.queue(tx, c, r, one, t); err != nil {
				return err
			}
		}
	}
	s.States = slices.DeleteFunc(s.States, func(one state) bool {
		return one.Rule == r.ID && one.machine.IsZero() && !slices.Contains(m.Parts(r), one.Dimension)
	})
	return nil
}

// queue puts a change in the queue of those that are told. UNKNOWN is told only where the rule says so.
func (j *Judge) queue(tx schedule.Store, c *schedule.Check, r *alarm.Rule, one *state, t alarm.Transition) error {
	if (t.State == alarm.Unknown || t.Was == alarm.Unknown && t.State == alarm.OK) && !r.NotifyUnknown {
		return nil
	}
	if j.queued+j.added >= maxQueued {
		j.overflow = true
		return nil
	}
	w := waiting{Change: Change{
		SchemaVersion: 1, AgentID: j.opt.AgentID, Host: j.opt.Host, CheckID: c.ID, Alarm: name(r), Dimension: one.Dimension,
		Was: t.Was.String(), State: t.State.String(), Text: one.Text, Value: one.Value, Threshold: one.Threshold,
		AtMS: t.At.UnixMilli(), Flapping: t.Flap == alarm.FlapBegan,
	}}
	key := fmt.Sprintf("%015d-%04d", j.opt.Now().UnixMilli(), j.added)
	j.added++
	w.ID = j.opt.AgentID + "/alarm-" + key
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	return tx.Put(queueSpace, key, b)
}

// begin counts what waits, and forgets checks that are gone, once a run.
func (j *Judge) begin(tx schedule.Store) error {
	if j.queued >= 0 {
		return nil
	}
	queued := 0
	if err := tx.Each(queueSpace, func(string, []byte) error { queued++; return nil }); err != nil {
		return err
	}
	var gone []string
	err := tx.Each(stateSpace, func(id string, _ []byte) error {
		known := slices.ContainsFunc(j.own.Checks, func(c schedule.Check) bool { return c.ID == id && c.Alarms != nil })
		if !known {
			gone = append(gone, id)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, id := range gone {
		if err := tx.Delete(stateSpace, id); err != nil {
			return err
		}
	}
	j.queued = queued
	return nil
}
