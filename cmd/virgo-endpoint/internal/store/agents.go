package store

import (
	"context"
	"database/sql"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Agents returns every agent that anything was stored for, sorted by id.
func (s *Store) Agents(ctx context.Context) ([]intake.Agent, error) {
	var list []intake.Agent
	err := s.each(ctx, "listing the agents", `SELECT agent_id, name, process_version, bundle_version, remote,
		first_seen_ms, last_seen_ms, clock_offset_ms, results, `+refusedChecks+" FROM agents WHERE "+shownAgents+
		" ORDER BY agent_id", []any{intake.RefusedFor.Milliseconds()}, func(rows *sql.Rows) error {
		var a intake.Agent
		var first, last int64
		err := rows.Scan(&a.ID, &a.Name, &a.ProcessVersion, &a.BundleVersion, &a.Remote,
			&first, &last, &a.ClockOffsetMS, &a.Results, &a.RefusedChecks)
		a.FirstSeen = time.UnixMilli(first)
		if last != 0 {
			a.LastSeen = time.UnixMilli(last)
		}
		list = append(list, a)
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}
