package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// Agents returns every agent that anything was stored for, sorted by id. What a damaged segment alone knows is not
// in it.
func (s *Store) Agents(ctx context.Context) ([]intake.Agent, error) {
	var list []intake.Agent
	err := s.eachAgent(ctx, "", func(r *agentView) error {
		list = append(list, r.agent())
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the agents: %w", named(err))
	}
	return list, nil
}

// An agentView is an agent's row with what the segments know.
type agentView struct {
	intake.Agent
	key     int64
	removed bool
	contact segment.Contact
}

func (v *agentView) agent() intake.Agent {
	a, c := v.Agent, &v.contact
	if c.Seen != 0 {
		a.LastSeen = time.UnixMilli(c.Seen)
	}
	if h := c.Hello; h != nil {
		a.Name, a.ProcessVersion, a.BundleVersion, a.Remote, a.ClockOffsetMS = h.Name, h.ProcessVersion, h.BundleVersion, h.Remote, h.ClockOffsetMS
	}
	if !v.removed {
		a.RefusedChecks = c.RefusedChecks()
	}
	return a
}

// eachAgent calls fn for each agent that is listed, sorted by id, or for one.
func (s *Store) eachAgent(ctx context.Context, agentID string, fn func(*agentView) error) error {
	return s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		views, err := s.contactViews(ctx, c, tx, agentID)
		if err != nil {
			return err
		}
		old, err := allOldRefusedChecks(ctx, tx)
		if err != nil {
			return err
		}
		rows, err := tx.QueryContext(ctx, `SELECT key, agent_id, name, process_version, bundle_version, remote, first_seen_ms, last_seen_ms,
			clock_offset_ms, results, removed_ms IS NOT NULL, contact FROM agents WHERE ?1 = '' OR agent_id = ?1 ORDER BY agent_id`, agentID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var v agentView
			var first, last int64
			var contact []byte
			err := rows.Scan(&v.key, &v.ID, &v.Name, &v.ProcessVersion, &v.BundleVersion, &v.Remote, &first, &last,
				&v.ClockOffsetMS, &v.Results, &v.removed, &contact)
			if err != nil {
				return err
			}
			v.FirstSeen = time.UnixMilli(first)
			switch view := views[v.key]; {
			case view != nil:
				v.contact = view.contact
				v.Results += view.results
			case contact != nil:
				if v.contact, err = segment.ParseContact(contact); err != nil {
					return fmt.Errorf("agent %q: %w", v.ID, err)
				}
			default:
				v.contact = segment.Contact{Seen: last, Checks: old[v.key]}
			}
			v.contact.Seen = max(v.contact.Seen, last)
			if v.removed && v.Results == 0 {
				continue
			}
			if err := fn(&v); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}
