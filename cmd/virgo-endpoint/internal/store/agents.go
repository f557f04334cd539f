package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// Agents returns what is known of agents; see [intake.History]. What a damaged segment alone knows is not in it.
func (s *Store) Agents(ctx context.Context, agentID string) ([]intake.Agent, error) {
	var list []intake.Agent
	err := s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		tags, err := tagsOf(ctx, tx, agentID)
		if err != nil {
			return err
		}
		return s.eachAgent(ctx, tx, c, agentID, func(v *agentView) error {
			a := v.agent()
			a.Who.Tags = tags[v.key]
			list = append(list, a)
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("reading what is known of agents: %w", named(err))
	}
	return list, nil
}

// An agentView is an agent's row with what the segments know.
type agentView struct {
	intake.Agent
	key      int64
	standing intake.Standing
	contact  segment.Contact
}

func (v *agentView) removed() bool { return !v.standing.Removed.IsZero() }

func (v *agentView) agent() intake.Agent {
	a, c := v.Agent, &v.contact
	a.Number = intake.AgentNumber(v.key)
	if c.Seen != 0 {
		a.LastSeen = time.UnixMilli(c.Seen)
	}
	if h := c.Hello; h != nil {
		a.Name, a.ProcessVersion, a.BundleVersion = h.Name, h.ProcessVersion, h.BundleVersion
		a.BundleState, a.BundleName, a.BundleChannel = h.BundleState, h.BundleName, h.BundleChannel
		a.Remote, a.ClockOffsetMS = h.Remote, h.ClockOffsetMS
	}
	a.Who = v.standing.Identity
	a.Who.Sessions = sessionsOf(&v.standing, c)
	a.Checks = v.checks()
	if !v.removed() {
		a.RefusedChecks = c.RefusedChecks()
	}
	return a
}

// checks returns what the latest results say, by check. Of results of before segments nothing is known: each check
// tells again with its next one.
func (v *agentView) checks() []intake.CheckState {
	if v.removed() {
		return nil
	}
	states := make([]intake.CheckState, 0, len(v.contact.Checks))
	for i := range v.contact.Checks {
		if k := &v.contact.Checks[i]; k.CheckType != "" {
			states = append(states, k.CheckState)
		}
	}
	return checksOf(v.ID, states, time.UnixMilli(v.contact.Seen))
}

// agentsQuery reads agents.
const agentsQuery = `SELECT agents.key, agent_id, name, process_version, bundle_version, agents.remote, first_seen_ms, last_seen_ms,
	clock_offset_ms, results, contact, ` + identityColumns + `
	FROM agents LEFT JOIN agent_keys AS k ON k.agent = agents.key`

// eachAgent calls fn for each agent that is listed, sorted by id, or for one.
func (s *Store) eachAgent(ctx context.Context, tx *sql.Tx, c *catalogue, agentID string, fn func(*agentView) error) error {
	views, err := s.contactViews(ctx, c, tx, agentID)
	if err != nil {
		return err
	}
	old, err := allOldRefusedChecks(ctx, tx, agentID)
	if err != nil {
		return err
	}
	rows, err := ofAgents(ctx, tx, agentsQuery, agentID, "ORDER BY agent_id")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var v agentView
		var first, last int64
		var contact []byte
		err := scanIdentity(&v.standing, func(columns ...any) error {
			return rows.Scan(append([]any{&v.key, &v.ID, &v.Name, &v.ProcessVersion, &v.BundleVersion, &v.Remote, &first, &last,
				&v.ClockOffsetMS, &v.Results, &contact}, columns...)...)
		})
		if err != nil {
			return err
		}
		v.standing.AgentID, v.FirstSeen = v.ID, time.UnixMilli(first)
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
		if v.removed() && v.Results == 0 {
			continue
		}
		if err := fn(&v); err != nil {
			return err
		}
	}
	return rows.Err()
}

// ofAgents asks for rows of agents: of all, or of one if agentID is not empty.
func ofAgents(ctx context.Context, q rowsQuerier, query, agentID, order string) (*sql.Rows, error) {
	if agentID == "" {
		return q.QueryContext(ctx, query+" "+order)
	}
	return q.QueryContext(ctx, query+" WHERE agent_id = ? "+order, agentID)
}
