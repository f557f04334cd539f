package intaketest

import (
	"context"
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
	mu            sync.Mutex
	tokens        []memoryToken // the number of a token's access is its index + 1
	agents        map[string]*memoryAgent
	results       []intake.Result
	registrations int64 // how many were made: the number of the last one
	bundles       map[memoryBundleKey]*memoryBundle
	pieces        int // how many of bundles were stored
}

type memoryToken struct {
	intake.Token
	secret string
}

type memoryAgent struct {
	intake.Agent
	standing intake.Standing
	ids      map[string]bool // of stored results
	refused  []intake.Refusal
	// refusedChecks are the checks that the host's owner refuses, with when that was last told.
	refusedChecks map[string]time.Time
	latest        map[string]intake.CheckState // by check
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
		switch {
		case a.OtherKey != nil:
			if agent := m.agents[a.AgentID]; agent != nil && agent.standing.Key != nil {
				agent.standing.OtherKeys.Note(a.OtherKey, a.Received)
			}
		case !m.open(a.AgentID, a.Access, a.Received):
			outcomes[i].Err = a.Access.Withdrawn()
		default:
			outcomes[i].Stored = m.add(a)
		}
	}
	return outcomes, nil
}

func (m *Memory) add(a intake.Arrival) (stored int) {
	agent := m.agent(a.AgentID, a.Received)
	agent.standing.Removed = time.Time{}
	if a.Received.After(agent.LastSeen) {
		agent.LastSeen = a.Received
	}
	if h := a.Hello; h != nil {
		agent.Name, agent.ProcessVersion, agent.BundleVersion = h.Name, h.ProcessVersion, h.BundleVersion
		agent.BundleState, agent.BundleName, agent.BundleChannel = h.BundleState, h.BundleName, h.BundleChannel
		agent.Remote, agent.ClockOffsetMS = h.Remote, h.ClockOffsetMS
		if a.Access.Registration != 0 {
			agent.standing.Sessions.Note(h.Session, h.Remote, a.Received)
		} else if t := m.token(a.Access); a.Received.After(t.LastUsed) {
			t.LastUsed = a.Received
		}
	}
	for _, refused := range a.Refusals {
		agent.refused = slices.DeleteFunc(agent.refused,
			func(r intake.Refusal) bool { return r.ID == refused.ID })
		agent.refused = append(agent.refused, intake.Refusal{Refused: refused, Received: a.Received})
		agent.refused = agent.refused[max(len(agent.refused)-intake.MaxRefusals, 0):]
	}
	for _, r := range a.Results {
		if m.addResult(agent, r, &a) {
			stored++
		}
	}
	return stored
}

// addResult stores a result of an arrival, and returns false for a copy.
func (m *Memory) addResult(agent *memoryAgent, r intake.Result, a *intake.Arrival) bool {
	if agent.ids[r.ResultID] {
		return false
	}
	if r.ResultID != "" {
		agent.ids[r.ResultID] = true
	}
	r.Seq, r.AgentID, r.Received = int64(len(m.results)+1), a.AgentID, a.Received
	r.Params = slices.Clone(r.Params)
	m.results = append(m.results, r)
	agent.Results++
	switch {
	case !r.TellsRefused():
	case r.Refused:
		if agent.refusedChecks == nil {
			agent.refusedChecks = map[string]time.Time{}
		}
		agent.refusedChecks[r.CheckID] = a.Received
	default:
		delete(agent.refusedChecks, r.CheckID)
	}
	agent.noteState(intake.StateOf(a.AgentID, &r))
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
			refused = append(refused, r.Refused)
		}
	}
	list := found.List()
	return list[:min(len(list), receipt.MaxRanges)], refused, nil
}

// Agents implements [intake.History].
func (m *Memory) Agents(ctx context.Context, agentID string) ([]intake.Agent, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var list []intake.Agent
	for _, id := range slices.Sorted(maps.Keys(m.agents)) {
		a := m.agents[id]
		if !a.shown() || agentID != "" && agentID != id {
			continue
		}
		one := a.Agent
		one.Who, one.Checks = a.standing.Identity, a.checks(id)
		for _, told := range a.refusedChecks {
			if told.Add(intake.RefusedFor).After(a.LastSeen) {
				one.RefusedChecks++
			}
		}
		list = append(list, one)
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
		if f.Selects(&r) {
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, func(a, b intake.Result) int { return a.Time.Compare(b.Time) })
	if f.Limit > 0 {
		list = list[max(len(list)-f.Limit, 0):]
	}
	return list
}
