package intaketest

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// AddToken implements [intake.Keys].
func (m *Memory) AddToken(ctx context.Context, spec intake.TokenSpec, now time.Time) (string, intake.Token, error) {
	if err := cmp.Or(ctx.Err(), spec.Check(now)); err != nil {
		return "", intake.Token{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.tokens) + 1
	t := memoryToken{intake.Token{ID: fmt.Sprintf("%08x", n), TokenSpec: spec, UsesLeft: spec.Uses, Created: now},
		fmt.Sprintf("memory_secret_%d", n)}
	m.tokens = append(m.tokens, t)
	return t.secret, t.Token, nil
}

// Tokens implements [intake.Keys].
func (m *Memory) Tokens(ctx context.Context) ([]intake.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.Token
	for _, t := range m.tokens {
		list = append(list, t.Token)
	}
	return list, ctx.Err()
}

// RevokeToken implements [intake.Keys].
func (m *Memory) RevokeToken(ctx context.Context, id string, now time.Time) (intake.Token, error) {
	if ctx.Err() != nil {
		return intake.Token{}, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.tokens {
		t := &m.tokens[i]
		if t.ID != id {
			continue
		}
		if t.Revoked.IsZero() {
			t.Revoked = now
		}
		return t.Token, nil
	}
	return intake.Token{}, fmt.Errorf("%w: %q", intake.ErrNoSuchToken, id)
}

// Bearer implements [intake.Keys].
func (m *Memory) Bearer(ctx context.Context, secret string, now time.Time) (intake.Token, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.tokens {
		if t := &m.tokens[i]; t.secret == secret && t.IsBearer(now) {
			if now.Sub(t.LastUsed) >= intake.BearerNoted {
				t.LastUsed = now
			}
			return t.Token, ctx.Err()
		}
	}
	return intake.Token{}, cmp.Or(ctx.Err(), intake.ErrBadToken)
}

// Admit implements [intake.Intake].
func (m *Memory) Admit(ctx context.Context, c intake.Claim) (intake.Admission, error) {
	if ctx.Err() != nil {
		return intake.Admission{}, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	standing := m.standing(c.AgentID)
	standing.KeyOf = m.keyOf(c.AgentID, c.Key)
	i := slices.IndexFunc(m.tokens, func(t memoryToken) bool { return t.secret == c.Token })
	var token *intake.Token
	if i >= 0 {
		token = &m.tokens[i].Token
	}
	basis, problem, err := intake.Decide(&c, &standing, token)
	switch {
	case err != nil:
		return intake.Admission{}, err
	case basis == intake.ByToken:
		return intake.Admission{Access: intake.Access{Token: int64(i + 1)}, TokenID: token.ID, Problem: problem}, nil
	case basis == intake.ByKey:
		return intake.Admitted(&c, &standing), nil
	}
	token.UsesLeft--
	token.LastUsed = c.Now
	s := &m.agent(c.AgentID, c.Now).standing
	m.register(s, c.Key, c.Now)
	s.From, s.TokenID, s.Group, s.Relay = c.Remote, token.ID, token.Group, token.Kinds&intake.Enrol == 0
	a := intake.Admitted(&c, s)
	a.Enrolled = true
	return a, nil
}

// Open implements [intake.Intake].
func (m *Memory) Open(ctx context.Context, agentID string, access intake.Access, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open(agentID, access, now), ctx.Err()
}

func (m *Memory) open(agentID string, access intake.Access, now time.Time) bool {
	standing := m.standing(agentID)
	var token *intake.Token
	if t := m.token(access); t != nil {
		token = &t.Token
	}
	return intake.Open(access, &standing, token, now)
}

func (m *Memory) token(access intake.Access) *memoryToken {
	if access.Token < 1 || access.Token > int64(len(m.tokens)) {
		return nil
	}
	return &m.tokens[access.Token-1]
}

// standing returns a copy of an agent's standing, or that of an unknown one.
func (m *Memory) standing(agentID string) intake.Standing {
	if a := m.agents[agentID]; a != nil {
		return a.standing
	}
	return intake.Standing{Identity: intake.Identity{AgentID: agentID}}
}

// keyOf returns the other agent that a key is registered for.
func (m *Memory) keyOf(agentID string, key ed25519.PublicKey) string {
	for id, a := range m.agents {
		if id != agentID && key != nil && a.standing.Key.Equal(key) {
			return id
		}
	}
	return ""
}

// agent finds an agent or makes one.
func (m *Memory) agent(agentID string, now time.Time) *memoryAgent {
	agent := m.agents[agentID]
	if agent == nil {
		agent = &memoryAgent{Agent: intake.Agent{Number: intake.AgentNumber(len(m.agents) + 1), ID: agentID, FirstSeen: now}, ids: map[string]bool{}}
		agent.standing.AgentID = agentID
		if m.agents == nil {
			m.agents = map[string]*memoryAgent{}
		}
		m.agents[agentID] = agent
	}
	return agent
}

func (m *Memory) register(s *intake.Standing, key ed25519.PublicKey, now time.Time) {
	m.registrations++
	s.Registration, s.Key, s.Registered, s.Removed = m.registrations, slices.Clone(key), now, time.Time{}
}

// forget ends what an agent's key opened.
func forget(s *intake.Standing) {
	*s = intake.Standing{Identity: intake.Identity{AgentID: s.AgentID, Group: s.Group, Tags: s.Tags, Known: s.Known, Removed: s.Removed}}
}

// shown reports whether an agent is listed.
func (a *memoryAgent) shown() bool { return a.standing.Removed.IsZero() || a.Results > 0 }

// AddKey implements [intake.Keys].
func (m *Memory) AddKey(ctx context.Context, agentID string, key ed25519.PublicKey, now time.Time) (intake.Identity, error) {
	if err := cmp.Or(ctx.Err(), intake.CheckKey(agentID, key)); err != nil {
		return intake.Identity{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	standing := m.standing(agentID)
	standing.KeyOf = m.keyOf(agentID, key)
	if done, err := intake.DecideKey(&standing, key); err != nil || done {
		return standing.Identity, err
	}
	s := &m.agent(agentID, now).standing
	m.register(s, key, now)
	return s.Identity, nil
}

// RenameAgent implements [intake.Keys].
func (m *Memory) RenameAgent(ctx context.Context, from, to string) error {
	if err := cmp.Or(ctx.Err(), intake.CheckAgentID(to)); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	agent := m.agents[from]
	switch {
	case agent == nil:
		return fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, from)
	case from == to:
		return nil
	case m.agents[to] != nil:
		return fmt.Errorf("%w: %q", intake.ErrAgentExists, to)
	}
	delete(m.agents, from)
	m.agents[to] = agent
	agent.ID, agent.standing.AgentID = to, to
	for i := range m.results {
		if m.results[i].AgentID == from {
			m.results[i].AgentID = to
		}
	}
	for i := range m.tokens {
		ids := slices.Clone(m.tokens[i].AgentIDs)
		if n := slices.Index(ids, from); n >= 0 {
			ids[n] = to
			m.tokens[i].AgentIDs = ids
		}
	}
	return nil
}

// change applies f to the standing of an agent.
func (m *Memory) change(ctx context.Context, agentID string, f func(*intake.Standing)) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	agent := m.agents[agentID]
	if agent == nil {
		return fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, agentID)
	}
	f(&agent.standing)
	return nil
}

// RevokeAgent implements [intake.Keys].
func (m *Memory) RevokeAgent(ctx context.Context, agentID string, now time.Time) error {
	return m.change(ctx, agentID, func(s *intake.Standing) {
		if s.Revoked.IsZero() {
			s.Revoked = now
		}
	})
}

// ResetAgent implements [intake.Keys].
func (m *Memory) ResetAgent(ctx context.Context, agentID string) error {
	return m.change(ctx, agentID, forget)
}

// RemoveAgent implements [intake.Keys].
func (m *Memory) RemoveAgent(ctx context.Context, agentID string, now time.Time) error {
	return m.change(ctx, agentID, func(s *intake.Standing) {
		forget(s)
		m.agents[agentID].refusedChecks = nil
		clear(m.agents[agentID].latest)
		s.Removed, s.Known, s.Group, s.Tags = now, false, "", nil
	})
}
