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
	if limit == 0 {
		limit = -1 // SQLite's word for all
	}
	var list []intake.Refusal
	err := s.each(ctx, "reading the refused results", `SELECT agent_id, result_id, code, message, refused_ms
		FROM refusals JOIN agents ON refusals.agent = agents.key WHERE ?1 = '' OR agent_id = ?1
		ORDER BY refused_ms DESC, refusals.key DESC LIMIT ?2`, []any{agentID, limit}, func(rows *sql.Rows) error {
		var r intake.Refusal
		var at int64
		err := rows.Scan(&r.AgentID, &r.ID, &r.Code, &r.Message, &at)
		r.Received = time.UnixMilli(at)
		list = append(list, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(list)
	return list, nil
}
