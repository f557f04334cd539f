package api

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A Counted is an intake that counts what goes through it.
type Counted struct {
	intake.Intake
	now func() time.Time

	admitted, enrolled, refusedHellos     atomic.Int64
	sessions, received, stored, refused   atomic.Int64
	withdrawn, batches, failed, appending atomic.Int64
	appendNanos, full                     atomic.Int64
}

// Count returns an intake that counts. now measures how long it takes.
func Count(in intake.Intake, now func() time.Time) *Counted { return &Counted{Intake: in, now: now} }

// Admit implements intake.Intake.
func (c *Counted) Admit(ctx context.Context, claim intake.Claim) (intake.Admission, error) {
	a, err := c.Intake.Admit(ctx, claim)
	switch {
	case err != nil:
		c.refusedHellos.Add(1)
	default:
		c.admitted.Add(1)
		if a.Enrolled {
			c.enrolled.Add(1)
		}
	}
	return a, err
}

// Append implements intake.Intake.
func (c *Counted) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	c.appending.Add(1)
	begun := c.now()
	outcomes, err := c.Intake.Append(ctx, batch)
	c.appendNanos.Add(max(0, int64(c.now().Sub(begun))))
	c.appending.Add(-1)
	c.batches.Add(1)
	if err != nil {
		c.failed.Add(1)
		if errors.Is(err, intake.ErrFull) {
			c.full.Add(1)
		}
		return outcomes, err
	}
	for i := range outcomes {
		a, o := &batch[i], outcomes[i]
		if o.Err != nil {
			c.withdrawn.Add(1)
			continue
		}
		if a.Hello != nil {
			c.sessions.Add(1)
		}
		c.received.Add(int64(len(a.Results)))
		c.refused.Add(int64(len(a.Refusals)))
		c.stored.Add(int64(o.Stored))
	}
	return outcomes, nil
}

// Figures returns what was counted.
func (c *Counted) Figures() []Figure {
	one := func(name, help string, n *atomic.Int64) Figure {
		return Figure{Name: name, Help: help, Value: float64(n.Load())}
	}
	return []Figure{
		one("sessions_total", "Sessions of agents whose hello was stored.", &c.sessions),
		one("hellos_accepted_total", "Hellos that were accepted.", &c.admitted),
		one("hellos_refused_total", "Hellos that were refused.", &c.refusedHellos),
		one("agents_enrolled_total", "Keys that agents registered with a token.", &c.enrolled),
		one("results_received_total", "Results that were acknowledged.", &c.received),
		one("results_stored_total", "Results that were stored: the others were copies, or came too late.", &c.stored),
		one("results_refused_total", "Results that were not accepted.", &c.refused),
		one("arrivals_withdrawn_total", "Arrivals whose access was ended before they were stored.", &c.withdrawn),
		one("batches_total", "Batches that were appended to the store.", &c.batches),
		one("batches_failed_total", "Batches that could not be stored; agents send them again.", &c.failed),
		one("batches_full_total", "Those of them for want of space.", &c.full),
		{Name: "batch_seconds_total", Help: "Time that appending took.", Value: float64(c.appendNanos.Load()) / float64(time.Second)},
	}
}
