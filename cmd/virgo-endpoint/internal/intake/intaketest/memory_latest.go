package intaketest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// noteState records what a result that was just stored says about its check.
func (a *memoryAgent) noteState(s intake.CheckState) {
	if known, ok := a.latest[s.CheckID]; ok && !s.Replaces(&known) {
		return
	}
	if a.latest == nil {
		a.latest = map[string]intake.CheckState{}
	}
	a.latest[s.CheckID] = s
	for len(a.latest) > intake.MaxChecks {
		oldest := slices.MinFunc(slices.Collect(maps.Values(a.latest)), func(a, b intake.CheckState) int {
			return cmp.Or(a.Received.Compare(b.Received), cmp.Compare(a.CheckID, b.CheckID))
		})
		delete(a.latest, oldest.CheckID)
	}
}

// Latest implements [intake.History].
func (m *Memory) Latest(ctx context.Context, agentID string) ([]intake.CheckState, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.CheckState
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		if agentID == "" || agentID == id {
			list = append(list, m.agents[id].checks(id)...)
		}
	}
	return list, ctx.Err()
}

// checks returns what the latest results say, by check.
func (a *memoryAgent) checks(id string) (list []intake.CheckState) {
	for _, check := range slices.Sorted(maps.Keys(a.latest)) {
		s := a.latest[check]
		if s.AgentID = id; !s.Over(a.LastSeen) {
			list = append(list, s)
		}
	}
	return list
}

// Refusals implements [intake.History].
func (m *Memory) Refusals(ctx context.Context, agentID string, limit int) ([]intake.Refusal, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.Refusal
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		if agentID != "" && agentID != id {
			continue
		}
		for _, r := range m.agents[id].refused {
			r.AgentID = id
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b intake.Refusal) int { return a.Received.Compare(b.Received) })
	if limit > 0 {
		list = list[max(0, len(list)-limit):]
	}
	return list, ctx.Err()
}

// Storage implements [intake.History].
func (m *Memory) Storage(ctx context.Context) (intake.Storage, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := intake.Storage{Results: int64(len(m.results)), FreeBytes: -1}
	for i := range m.results {
		r := &m.results[i]
		s.Bytes += int64(len(r.Params))
		if s.Oldest.IsZero() || r.Received.Before(s.Oldest) {
			s.Oldest = r.Received
		}
	}
	return s, ctx.Err()
}

// TagAgent implements [intake.Keys].
func (m *Memory) TagAgent(ctx context.Context, agentID string, add, remove []string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	agent := m.agents[agentID]
	if agent == nil {
		return nil, fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, agentID)
	}
	tags, err := intake.ChangeTags(agent.standing.Tags, add, remove)
	if err := cmp.Or(ctx.Err(), err); err != nil {
		return nil, err
	}
	agent.standing.Tags = tags
	return slices.Clone(tags), nil
}
