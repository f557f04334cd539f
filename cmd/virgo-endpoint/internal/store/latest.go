package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Latest returns what the latest results say; see [intake.History].
func (s *Store) Latest(ctx context.Context, agentID string) ([]intake.CheckState, error) {
	var list []intake.CheckState
	err := s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		return s.eachAgent(ctx, tx, c, agentID, func(v *agentView) error {
			list = append(list, v.checks()...)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading the latest results: %w", named(err))
	}
	return list, nil
}

// checksOf returns those states of an agent's checks that count, by check.
func checksOf(agentID string, states []intake.CheckState, seen time.Time) []intake.CheckState {
	slices.SortFunc(states, func(a, b intake.CheckState) int {
		return cmp.Or(b.Received.Compare(a.Received), strings.Compare(a.CheckID, b.CheckID))
	})
	states = states[:min(len(states), intake.MaxChecks)]
	states = slices.DeleteFunc(states, func(c intake.CheckState) bool { return c.Over(seen) })
	for i := range states {
		states[i].AgentID = agentID
	}
	slices.SortFunc(states, func(a, b intake.CheckState) int { return strings.Compare(a.CheckID, b.CheckID) })
	return states
}

// Refusals returns the results that were not accepted; see [intake.History].
func (s *Store) Refusals(ctx context.Context, agentID string, limit int) ([]intake.Refusal, error) {
	list, err := s.refusals(ctx, agentID, limit)
	if err != nil {
		return nil, fmt.Errorf("reading the refused results: %w", named(err))
	}
	slices.Reverse(list)
	return list, nil
}

// refusals returns them, the last one first.
func (s *Store) refusals(ctx context.Context, agentID string, limit int) (list []intake.Refusal, err error) {
	order := "ORDER BY refusals.key DESC" // the order of arrival
	if limit > 0 {
		order += fmt.Sprint(" LIMIT ", limit)
	}
	rows, err := ofAgents(ctx, s.read, "SELECT agent_id, result_id, code, message, refused_ms FROM refusals JOIN agents ON refusals.agent = agents.key",
		agentID, order)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r intake.Refusal
		var at int64
		if err := rows.Scan(&r.AgentID, &r.ID, &r.Code, &r.Message, &at); err != nil {
			return nil, err
		}
		r.Received = time.UnixMilli(at)
		list = append(list, r)
	}
	return list, rows.Err()
}
