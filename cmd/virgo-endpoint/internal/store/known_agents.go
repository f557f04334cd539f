package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// maxKnownAgents bounds the agents that are remembered, at some 400 bytes each.
const maxKnownAgents = 200_000

// knownAgents remembers who agents are, and the tokens that let them in. It is correct as long as the file has
// not changed, which whoever asks has verified: all of it is forgotten with the catalogue.
type knownAgents struct {
	mu     sync.Mutex
	of     *catalogue
	agents map[string]*knownAgent
	tokens map[grant]*intake.Token
}

// A grant is an access for one agent.
type grant struct {
	agentID string
	access  intake.Access
}

// A knownAgent is an agent's row. It is never changed.
type knownAgent struct {
	key      int64 // 0: there is no row
	standing intake.Standing
	// highest is the highest order of its results that the migration moved, -1 if there is none; unsure is
	// true while there may be higher ones in the table.
	highest int64
	unsure  bool
	// known is true if results of it may be in segments that are merged, or in the table.
	known bool
	// unseen is true if the row has no contact, of a segment or of a version without segments.
	unseen bool
}

// as forgets everything if the catalogue is another one. It is called with mu held.
func (k *knownAgents) as(c *catalogue) {
	if k.of == c && len(k.agents) < maxKnownAgents {
		return
	}
	k.of, k.agents, k.tokens = c, map[string]*knownAgent{}, map[grant]*intake.Token{}
}

// agent returns who an agent is, as the file says that has this catalogue.
func (s *Store) agent(ctx context.Context, c *catalogue, agentID string) (*knownAgent, error) {
	k := &s.agents
	k.mu.Lock()
	defer k.mu.Unlock()
	k.as(c)
	if a := k.agents[agentID]; a != nil {
		return a, nil
	}
	a, err := s.readAgent(ctx, agentID)
	if err != nil {
		return nil, fmt.Errorf("looking up agent %q: %w", agentID, err)
	}
	k.agents[agentID] = a
	return a, nil
}

// agentRowQuery reads the row of an agent.
const agentRowQuery = `SELECT agents.key, highest, unsure, contact, contact IS NULL AND last_seen_ms = 0,
	contact IS NOT NULL OR results > 0 OR unsure, ` + identityColumns + `
	FROM agents LEFT JOIN agent_keys AS k ON k.agent = agents.key WHERE agent_id = ?`

// readAgent reads a row, with a statement that is prepared once: after each change of the file all agents are
// read again. It is called with mu held.
func (s *Store) readAgent(ctx context.Context, agentID string) (*knownAgent, error) {
	if s.agentRow == nil {
		var err error
		if s.agentRow, err = s.ask.PrepareContext(ctx, agentRowQuery); err != nil {
			return nil, err
		}
	}
	a := &knownAgent{standing: intake.Standing{Identity: intake.Identity{AgentID: agentID}}}
	var contact []byte
	err := scanIdentity(&a.standing, func(columns ...any) error {
		return s.agentRow.QueryRowContext(ctx, agentID).Scan(append([]any{&a.key, &a.highest, &a.unsure, &contact,
			&a.unseen, &a.known}, columns...)...)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return a, nil
	}
	if err != nil || contact == nil {
		return a, err
	}
	last, err := segment.ParseContact(contact)
	if err == nil {
		a.standing.Sessions = sessionsOf(&a.standing, &last)
	}
	return a, err
}

// sessionsOf returns the sessions of a registered key: those of the contact, if they are about that key.
func sessionsOf(s *intake.Standing, c *segment.Contact) intake.Sessions {
	if c.Registration != 0 && c.Registration == s.Registration {
		return c.Sessions
	}
	return s.Sessions
}

// token returns the token of a grant; nil if there is none.
func (s *Store) token(ctx context.Context, c *catalogue, g grant) (*intake.Token, error) {
	k := &s.agents
	k.mu.Lock()
	defer k.mu.Unlock()
	k.as(c)
	if t, ok := k.tokens[g]; ok {
		return t, nil
	}
	_, t, err := tokenFor(ctx, s.ask, g.agentID, "key = ?", g.access.Token)
	if err != nil {
		return nil, fmt.Errorf("looking up a token: %w", err)
	}
	k.tokens[g] = t
	return t, nil
}

// isOpenFor reports whether an access for an agent is valid.
func (s *Store) isOpenFor(ctx context.Context, c *catalogue, a *knownAgent, g grant, now time.Time) (bool, error) {
	var t *intake.Token
	if g.access.Registration == 0 {
		var err error
		if t, err = s.token(ctx, c, g); err != nil {
			return false, err
		}
	}
	return intake.Open(g.access, &a.standing, t, now), nil
}
