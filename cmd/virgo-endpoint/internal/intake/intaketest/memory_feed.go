package intaketest

import (
	"context"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// After implements [intake.Feed].
func (m *Memory) After(
	ctx context.Context, seq int64, limit int, fn func(intake.AgentNumber, *intake.Result) error,
) (next, lost int64, err error) {
	if ctx.Err() != nil {
		return seq, 0, ctx.Err()
	}
	for limit > 0 {
		agent, r, ok := m.behind(seq)
		if !ok {
			break
		}
		if err := fn(agent, &r); err != nil {
			return seq, lost, err
		}
		lost += r.Seq - seq - 1
		seq = r.Seq
		limit--
	}
	return seq, lost, nil
}

// behind returns the first result behind a number.
func (m *Memory) behind(seq int64) (intake.AgentNumber, intake.Result, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.results {
		if r := &m.results[i]; r.Seq > seq {
			return m.agents[r.AgentID].Number, r.Clone(), true
		}
	}
	return 0, intake.Result{}, false
}

// Newest implements [intake.Feed].
func (m *Memory) Newest(ctx context.Context) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.results) == 0 {
		return 0, ctx.Err()
	}
	return m.results[len(m.results)-1].Seq, ctx.Err()
}
