package store

import (
	"cmp"
	"context"
	"database/sql"
	"os"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// latestResults bounds the results that are read for the states of checks, those that came last.
const latestResults = 100_000

const latestQuery = `SELECT seq, agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
	result_order, late, age_ms, clock_offset_ms, refused, params FROM results
	WHERE seq > (SELECT max(seq) FROM results) - ? AND (?2 = '' OR agent = (SELECT key FROM agents WHERE agent_id = ?2)) ORDER BY seq`

// Latest returns what the latest results say; see [intake.History]. It knows those of the last
// latestResults results.
func (s *Store) Latest(ctx context.Context, agentID string) ([]intake.CheckState, error) {
	type check struct {
		agent int64
		id    string
	}
	states := map[check]intake.CheckState{}
	err := s.each(ctx, "reading the latest results", latestQuery, []any{latestResults, agentID}, func(rows *sql.Rows) error {
		var r intake.Result
		var at check
		if err := scanResult(rows, &r, &at.agent); err != nil {
			return err
		}
		at.id = r.CheckID
		state := intake.StateOf("", &r)
		if known, ok := states[at]; !ok || state.Replaces(&known) {
			states[at] = state
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	byAgent := map[int64][]intake.CheckState{}
	for at, state := range states {
		byAgent[at.agent] = append(byAgent[at.agent], state)
	}
	var list []intake.CheckState
	err = s.each(ctx, "listing the agents", "SELECT key, agent_id, last_seen_ms FROM agents WHERE removed_ms IS NULL ORDER BY agent_id", nil,
		func(rows *sql.Rows) error {
			var key, seen int64
			var id string
			if err := rows.Scan(&key, &id, &seen); err != nil {
				return err
			}
			list = append(list, checksOf(id, byAgent[key], time.UnixMilli(seen))...)
			return nil
		})
	if err != nil {
		return nil, err
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
func (s *Store) Refusals(ctx context.Context, agentID string) ([]intake.Refusal, error) {
	var list []intake.Refusal
	err := s.each(ctx, "reading the refused results", `SELECT agent_id, result_id, code, message, refused_ms
		FROM refusals JOIN agents ON refusals.agent = agents.key WHERE ?1 = '' OR agent_id = ?1
		ORDER BY agent_id, refusals.key`, []any{agentID}, func(rows *sql.Rows) error {
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
	return list, nil
}

// Storage returns what the store says about itself; see [intake.History].
func (s *Store) Storage(ctx context.Context) (intake.Storage, error) {
	st := intake.Storage{FreeBytes: -1}
	var oldest sql.NullInt64
	err := s.read.QueryRowContext(ctx, "SELECT (SELECT coalesce(sum(results), 0) FROM agents), (SELECT received_ms FROM results ORDER BY seq LIMIT 1)").
		Scan(&st.Results, &oldest)
	if err != nil {
		return st, named(err)
	}
	st.Oldest = fromMillis(oldest)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(s.path + suffix); err == nil {
			st.Bytes += info.Size()
		}
	}
	return st, nil
}
