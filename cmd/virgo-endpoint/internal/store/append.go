package store

import (
	"context"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Append stores a batch in one synced transaction; see [intake.Intake].
func (s *Store) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	if err := s.damaged(); err != nil {
		return nil, err
	}
	outcomes, err := s.append(ctx, batch)
	return outcomes, s.stopIfDamaged(err)
}

func (s *Store) append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	t, err := s.begin(ctx)
	if err != nil {
		return nil, fmt.Errorf("storing a batch (arrivals: %d): %w", len(batch), err)
	}
	defer t.rollback()
	outcomes := make([]intake.Outcome, len(batch))
	for i := range batch {
		if outcomes[i], err = t.add(&batch[i]); err != nil {
			return nil, fmt.Errorf("storing a result of agent %q: %w", batch[i].AgentID, err)
		}
	}
	if err := t.commit(); err != nil {
		return nil, fmt.Errorf("storing a batch (arrivals: %d): %w", len(batch), err)
	}
	return outcomes, nil
}

func (t *transaction) add(a *intake.Arrival) (intake.Outcome, error) {
	if a.OtherKey != nil {
		return intake.Outcome{}, t.addOtherKey(a)
	}
	open, err := t.isOpen(a.AgentID, a.Access, a.Received)
	if err != nil {
		return intake.Outcome{}, err
	}
	if !open {
		return intake.Outcome{Err: a.Access.Withdrawn()}, nil
	}
	ms := millis(a.Received)
	row, err := t.agent(a.AgentID, ms)
	if err != nil {
		return intake.Outcome{}, err
	}
	if a.Hello != nil {
		if err := t.addHello(row, a); err != nil {
			return intake.Outcome{}, err
		}
	}
	for i := range a.Refusals {
		if err := t.addRefused(row, &a.Refusals[i], ms); err != nil {
			return intake.Outcome{}, err
		}
	}
	var o intake.Outcome
	for i := range a.Results {
		stored, err := t.addResult(row, &a.Results[i], ms)
		if err != nil {
			return intake.Outcome{}, err
		}
		if stored {
			o.Stored++
		}
	}
	return o, nil
}
