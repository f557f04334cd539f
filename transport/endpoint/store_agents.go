package endpoint

import (
	"context"
	"fmt"
	"time"
)

// An Agent is what the store knows of an agent.
type Agent struct {
	// ID, Name, ProcessVersion and BundleVersion as its last hello said.
	ID, Name, ProcessVersion, BundleVersion string
	// Remote is the address that its last hello came from; "bundle" and its id for an agent that never said
	// hello.
	Remote string
	// FirstSeen and LastSeen by the endpoint's clock.
	FirstSeen, LastSeen time.Time
	// ClockOffsetMS is the endpoint's clock less the agent's in ms, at its last hello: more than 0 where the
	// agent's is behind. It holds the time that the hello took. nil where that told no time.
	ClockOffsetMS *int64
	// Results counts what was stored of it.
	Results int64
}

// Agents lists every agent that ever said hello, by id.
func (s *Store) Agents(ctx context.Context) ([]Agent, error) {
	rows, err := s.read.QueryContext(ctx, `SELECT agent_id, name, process_version, bundle_version, remote,
		first_seen_ms, last_seen_ms, clock_offset_ms, results FROM agents ORDER BY agent_id`)
	if err != nil {
		return nil, fmt.Errorf("listing the agents: %w", err)
	}
	defer rows.Close()
	var list []Agent
	for rows.Next() {
		var a Agent
		var first, last int64
		if err := rows.Scan(&a.ID, &a.Name, &a.ProcessVersion, &a.BundleVersion, &a.Remote, &first, &last, &a.ClockOffsetMS, &a.Results); err != nil {
			return nil, fmt.Errorf("listing the agents: %w", err)
		}
		a.FirstSeen, a.LastSeen = time.UnixMilli(first), time.UnixMilli(last)
		list = append(list, a)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("listing the agents: %w", err)
	}
	return list, nil
}
