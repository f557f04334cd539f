package api

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// An agentsCache keeps the list of agents for a moment.
type agentsCache struct {
	mu   sync.Mutex
	list []report.Agent // by id
	read time.Time
	// forget frees the list when nobody has asked for a while.
	forget *time.Timer
}

// get returns the agents by id; the caller changes nothing in it. One request at a time reads them.
func (c *agentsCache) get(ctx context.Context, src report.Source, now time.Time) ([]report.Agent, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if age := now.Sub(c.read); c.list != nil && age >= 0 && age < agentsFor {
		return c.list, nil
	}
	list, err := report.Agents(ctx, src, now)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, func(a, b report.Agent) int { return strings.Compare(a.AgentID, b.AgentID) })
	c.list, c.read = list, now
	if c.forget == nil {
		c.forget = time.AfterFunc(agentsForgotten, c.free)
	}
	c.forget.Reset(agentsForgotten)
	return list, nil
}

// forgetNow has the next request read the agents anew: one of them was changed.
func (c *agentsCache) forgetNow() { c.free() }

func (c *agentsCache) free() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = nil
}

type agentsInput struct {
	Health string   `query:"health" enum:"silent,unavailable,warning,late,waiting,refused,never seen,ok,revoked" doc:"Only agents of which this is one of the problems, or all there is to say."`
	Tag    []string `query:"tag,explode" maxItems:"16" doc:"Only agents with all of these tags."`
	Group  string   `query:"group" maxLength:"400" doc:"Only agents of this group."`
	Limit  int      `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"Size of the page."`
	After  string   `query:"after" maxLength:"256" doc:"Only agents with an id behind this one: the next_after of the page before."`
}

type agentsBody struct {
	SchemaVersion int            `json:"schema_version" doc:"1"`
	Agents        []report.Agent `json:"agents" nullable:"false" doc:"Sorted by id, without removed ones."`
	NextAfter     *string        `json:"next_after" doc:"The parameter after of the next page; null on the last one."`
}

// An AgentPath is the parameter that names an agent.
type AgentPath struct {
	ID string `path:"agent_id" maxLength:"256" doc:"The agent's id."`
}

type agentBody struct {
	SchemaVersion int          `json:"schema_version" doc:"1"`
	Agent         report.Agent `json:"agent" doc:"The agent."`
}

// A check is a check's latest state.
type check struct {
	CheckID   string `json:"check_id" doc:"The check's id."`
	CheckType string `json:"check_type" doc:"The check's type."`
	State     string `json:"state" enum:"available,unavailable" doc:"That of its latest result."`
	Refused   bool   `json:"refused" doc:"The owner of the host does not allow it: nothing is wrong."`
	Late      bool   `json:"late" doc:"Its latest result was sent late, so it may be different by now."`
	Timestamp int64  `json:"timestamp_ms" doc:"When it finished, by the agent's clock."`
	Received  int64  `json:"received_ms" doc:"When that arrived, by this endpoint's clock."`
	PeriodMS  *int64 `json:"period_ms" doc:"Its period; null if unknown."`
}

type checksBody struct {
	SchemaVersion int     `json:"schema_version" doc:"1"`
	AgentID       string  `json:"agent_id" doc:"The agent's id."`
	Checks        []check `json:"checks" nullable:"false" doc:"Those of which results come, by id."`
}

// A body is an answer with a JSON document.
type body[T any] struct{ Body T }

func (a *API) registerAgents() {
	get(a, "/v1/agents", "list-agents", "List the agents, with their state", agentsTag, a.listAgents)
	get(a, "/v1/agents/{agent_id}", "get-agent", "One agent", agentsTag,
		func(ctx context.Context, in *AgentPath) (*tagged[agentBody], error) {
			agent, err := a.find(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			known, err := a.Store.Agents(ctx, in.ID)
			if err != nil {
				return nil, a.failed(ctx, err)
			}
			if len(known) == 0 {
				return nil, noSuchAgent()
			}
			return &tagged[agentBody]{quoted(admin.AgentETag(&known[0])), agentBody{schemaVersion, *agent}}, nil
		})
	get(a, "/v1/agents/{agent_id}/checks", "list-checks", "The checks of an agent, with their latest state", agentsTag, a.listChecks)
}

func (a *API) listAgents(ctx context.Context, in *agentsInput) (*body[agentsBody], error) {
	list, err := a.agents.get(ctx, a.Store, a.Now())
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	out := &body[agentsBody]{agentsBody{SchemaVersion: schemaVersion, Agents: []report.Agent{}}}
	for i := range list {
		ag := &list[i]
		if ag.AgentID <= in.After && in.After != "" || !in.selects(ag) {
			continue
		}
		if len(out.Body.Agents) == in.Limit {
			out.Body.NextAfter = &out.Body.Agents[in.Limit-1].AgentID
			break
		}
		out.Body.Agents = append(out.Body.Agents, *ag)
	}
	return out, nil
}

func (in *agentsInput) selects(ag *report.Agent) bool {
	health := report.Health(in.Health)
	return ag.Removed == nil && (in.Group == "" || in.Group == ag.Group) &&
		(health == "" || health == ag.Health || slices.Contains(ag.Problems, health)) &&
		!slices.ContainsFunc(in.Tag, func(tag string) bool { return !slices.Contains(ag.Tags, tag) })
}

func (a *API) listChecks(ctx context.Context, in *AgentPath) (*body[checksBody], error) {
	agents, err := a.Store.Agents(ctx, in.ID)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	if len(agents) == 0 {
		return nil, noSuchAgent()
	}
	out := &body[checksBody]{checksBody{schemaVersion, in.ID, []check{}}}
	for i := range agents[0].Checks {
		out.Body.Checks = append(out.Body.Checks, checkOf(&agents[0].Checks[i]))
	}
	return out, nil
}

func checkOf(s *intake.CheckState) check {
	c := check{CheckID: s.CheckID, CheckType: s.CheckType, State: s.State, Refused: s.Refused, Late: s.Late,
		Timestamp: s.Time.UnixMilli(), Received: s.Received.UnixMilli()}
	if ms := s.Period.Milliseconds(); ms > 0 {
		c.PeriodMS = &ms
	}
	return c
}
