package intaketest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// Memory implements package intake's interfaces in memory. Its content is lost with the process.
// The zero value is empty and ready to use.
type Memory struct {
	mu      sync.Mutex
	tokens  []memoryToken // a token's key is its index
	agents  map[string]*memoryAgent
	results []intake.Result
}

type memoryToken struct {
	intake.Token
	secret string
}

type memoryAgent struct {
	intake.Agent
	ids     map[string]bool // of stored results
	refused []receipt.Refused
}

// AddToken implements [intake.Keys].
func (m *Memory) AddToken(ctx context.Context, label string, now time.Time) (string, intake.Token, error) {
	if err := cmp.Or(ctx.Err(), intake.CheckLabel(label)); err != nil {
		return "", intake.Token{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n := len(m.tokens) + 1
	t := memoryToken{intake.Token{ID: fmt.Sprintf("%08x", n), Label: label, Created: now},
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

// Authenticate implements [intake.Intake].
func (m *Memory) Authenticate(ctx context.Context, token string) (intake.TokenKey, error) {
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, t := range m.tokens {
		if t.secret == token && t.Revoked.IsZero() {
			return intake.TokenKey(i), nil
		}
	}
	return 0, intake.ErrBadToken
}

// TokenValid implements [intake.Intake].
func (m *Memory) TokenValid(ctx context.Context, key intake.TokenKey) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.valid(key), ctx.Err()
}

func (m *Memory) valid(key intake.TokenKey) bool {
	return key >= 0 && int(key) < len(m.tokens) && m.tokens[key].Revoked.IsZero()
}

// Append implements [intake.Intake].
func (m *Memory) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	outcomes := make([]intake.Outcome, len(batch))
	for i, a := range batch {
		if !m.valid(a.Token) {
			outcomes[i].Err = intake.ErrBadToken
			continue
		}
		outcomes[i].Stored = m.add(a)
	}
	return outcomes, nil
}

func (m *Memory) add(a intake.Arrival) (stored bool) {
	agent := m.agents[a.AgentID]
	if agent == nil {
		agent = &memoryAgent{Agent: intake.Agent{ID: a.AgentID, FirstSeen: a.Received}, ids: map[string]bool{}}
		if m.agents == nil {
			m.agents = map[string]*memoryAgent{}
		}
		m.agents[a.AgentID] = agent
	}
	if a.Received.After(agent.LastSeen) {
		agent.LastSeen = a.Received
	}
	if h := a.Hello; h != nil {
		agent.Name, agent.ProcessVersion, agent.BundleVersion = h.Name, h.ProcessVersion, h.BundleVersion
		agent.Remote, agent.ClockOffsetMS = h.Remote, h.ClockOffsetMS
		if t := &m.tokens[a.Token]; a.Received.After(t.LastUsed) {
			t.LastUsed = a.Received
		}
	}
	if a.Refused != nil {
		agent.refused = slices.DeleteFunc(agent.refused,
			func(r receipt.Refused) bool { return r.ID == a.Refused.ID })
		agent.refused = append(agent.refused, *a.Refused)
		agent.refused = agent.refused[max(len(agent.refused)-intake.MaxRefusals, 0):]
	}
	if a.Result == nil || agent.ids[a.Result.ResultID] {
		return false
	}
	if a.Result.ResultID != "" {
		agent.ids[a.Result.ResultID] = true
	}
	r := *a.Result
	r.Seq, r.AgentID, r.Received = int64(len(m.results)+1), a.AgentID, a.Received
	r.Params = slices.Clone(r.Params)
	m.results = append(m.results, r)
	agent.Results++
	return true
}

// Held implements [intake.Intake].
func (m *Memory) Held(
	ctx context.Context, agentID string, ranges []receipt.Range,
) ([]receipt.Range, []receipt.Refused, error) {
	if ctx.Err() != nil {
		return nil, nil, ctx.Err()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	agent := m.agents[agentID]
	if agent == nil {
		return nil, nil, nil
	}
	wanted := receipt.NewSet(ranges)
	var found receipt.Ranges
	for id := range agent.ids {
		if start, n, ok := receipt.ParseID(agentID, id); ok && wanted.Has(start, n) {
			found.Add(start, n)
		}
	}
	var refused []receipt.Refused
	for _, r := range slices.Backward(agent.refused) {
		if start, n, ok := receipt.ParseID(agentID, r.ID); ok && wanted.Has(start, n) && !agent.ids[r.ID] {
			refused = append(refused, r)
		}
	}
	list := found.List()
	return list[:min(len(list), receipt.MaxRanges)], refused, nil
}

// Agents implements [intake.History].
func (m *Memory) Agents(ctx context.Context) ([]intake.Agent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.Agent
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		list = append(list, m.agents[id].Agent)
	}
	return list, ctx.Err()
}

// Results implements [intake.History].
func (m *Memory) Results(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, r := range m.selected(f) {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *Memory) selected(f intake.Filter) []intake.Result {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.Result
	for _, r := range m.results {
		if f.AgentID != "" && r.AgentID != f.AgentID || f.CheckID != "" && r.CheckID != f.CheckID ||
			r.Time.Before(f.Since) || f.Late != nil && r.Late != *f.Late {
			continue
		}
		list = append(list, r)
	}
	slices.SortStableFunc(list, func(a, b intake.Result) int { return a.Time.Compare(b.Time) })
	if f.Limit > 0 {
		list = list[max(len(list)-f.Limit, 0):]
	}
	return list
}
