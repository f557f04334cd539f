package server

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// An intake that fails for every batch with an arrival of the agent "bad".
type pickyIntake struct {
	intake.Intake
	cause  error
	stored []string
	calls  int
}

func (p *pickyIntake) Append(_ context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	p.calls++
	for i := range batch {
		if batch[i].AgentID == "bad" {
			return nil, p.cause
		}
	}
	for i := range batch {
		p.stored = append(p.stored, batch[i].AgentID)
	}
	return make([]intake.Outcome, len(batch)), nil
}

// What is wrong with one arrival fails no other; a full or damaged store is not asked again.
func TestOneArrivalFailsNoOther(t *testing.T) {
	for _, test := range []struct {
		cause         error
		calls, stored int
	}{{errors.New("a rule"), 4, 2}, {intake.ErrFull, 1, 0}, {intake.ErrDamaged, 1, 0}} {
		in := &pickyIntake{cause: test.cause}
		c := &committer{intake: in, log: slog.New(slog.DiscardHandler)}
		var batch []*submission
		for _, agent := range []string{"a", "bad", "b"} {
			batch = append(batch, &submission{arrival: intake.Arrival{AgentID: agent}, done: make(chan struct{})})
		}
		c.commit(batch)
		for i, s := range batch {
			<-s.done
			if bad := i == 1 || test.stored == 0; bad != errors.Is(s.err, errNotStored) {
				t.Errorf("%v: arrival %d: %v", test.cause, i, s.err)
			}
		}
		if in.calls != test.calls || len(in.stored) != test.stored {
			t.Errorf("%v: %d calls, stored: %q", test.cause, in.calls, in.stored)
		}
	}
}
