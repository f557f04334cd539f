package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/agentkey"
)

// An Agent is an agent with its state, as JSON. Times are milliseconds since the Unix epoch, by this
// endpoint's clock; null means never or unknown.
type Agent struct {
	AgentID string `json:"agent_id" doc:"The agent's id."`
	Name    string `json:"agent_name" doc:"Its name for people."`
	State   string `json:"state" enum:"registered,no key,revoked,removed" doc:"Who it is: its key is registered, it has none, or its access was ended."`

	Health   Health   `json:"health" enum:"silent,unavailable,warning,late,waiting,refused,never seen,ok,revoked,removed" doc:"The worst that is wrong with it."`
	Problems []Health `json:"problems" nullable:"false" doc:"All that is wrong with it, the worst first; empty where nothing is."`

	Checks        int    `json:"checks" doc:"Number of its checks of which results come."`
	Unavailable   int    `json:"unavailable_checks" doc:"How many of them are unavailable."`
	RefusedChecks int64  `json:"refused_checks" doc:"How many of them the owner of the host does not allow."`
	Waiting       *int64 `json:"waiting_results" doc:"Results that waited on the host for delivery, as its check agent.virgo said last; null without such a check."`
	PeriodMS      *int64 `json:"period_ms" doc:"The shortest period of its checks: so often it is expected; null if unknown."`

	Group          string   `json:"group" doc:"That of the token by which it enrolled."`
	Tags           []string `json:"tags" nullable:"false" doc:"A person's, sorted."`
	Key            *string  `json:"key" doc:"The fingerprint of its key."`
	AgentKey       *string  `json:"agent_key" doc:"Its public key."`
	Registered     *int64   `json:"registered_ms" doc:"When its key was registered."`
	RegisteredFrom string   `json:"registered_from" doc:"The address of that hello; empty where a person registered it."`
	TokenID        string   `json:"token_id" doc:"The id of the token that was used; empty likewise."`
	Relay          bool     `json:"relay" doc:"Its key is a relay's."`
	Session        uint64   `json:"session" doc:"The greatest number of a session so far."`
	SessionFalls   int64    `json:"session_falls" doc:"Sessions whose number did not grow."`
	OtherKeys      int64    `json:"other_keys" doc:"Attempts to use its id with another key."`
	Revoked        *int64   `json:"revoked_ms" doc:"When its access was ended."`
	Removed        *int64   `json:"removed_ms" doc:"When it was removed."`
	Warnings       []Notice `json:"warnings" nullable:"false" doc:"What a person should look at."`
	ProcessVersion string   `json:"process_version" doc:"The version of its program."`
	BundleVersion  string   `json:"bundle_version" doc:"The version of its bundle of checks."`
	BundleState    string   `json:"bundle_state" doc:"How that bundle does, in the agent's words: none, trial, good, or back VERSION and why it went back from that version; empty for an agent that has no bundles."`
	BundleName     string   `json:"bundle_name" doc:"Which bundle it takes; empty for standard."`
	BundleChannel  string   `json:"bundle_channel" doc:"From which channel; empty for stable."`
	Remote         string   `json:"remote" doc:"The address that its last hello came from, or the bundle that its results came in."`
	FirstSeen      *int64   `json:"first_seen_ms" doc:"Its first contact."`
	LastSeen       *int64   `json:"last_seen_ms" doc:"Its last contact."`
	Results        int64    `json:"results" doc:"Number of its stored results."`
	ClockOffsetMS  *int64   `json:"clock_offset_ms" doc:"This endpoint's clock minus the agent's at its last hello: positive if the agent's is behind."`
}

// A Notice is a warning about an agent.
type Notice struct {
	Type string `json:"type" enum:"twoHosts,otherKey" doc:"For programs."`
	Text string `json:"text" doc:"For people."`
}

// A Source is what agents are read from.
type Source interface {
	Agents(ctx context.Context, agentID string) ([]intake.Agent, error)
}

// Agents returns every agent, the worst first and then by id: removed ones too.
func Agents(ctx context.Context, src Source, now time.Time) ([]Agent, error) {
	known, err := src.Agents(ctx, "")
	if err != nil {
		return nil, err
	}
	list := make([]Agent, len(known))
	for i := range known {
		list[i] = AgentOf(&known[i], now)
	}
	slices.SortStableFunc(list, func(a, b Agent) int {
		return cmp.Or(cmp.Compare(a.Health.rank(), b.Health.rank()), cmp.Compare(a.AgentID, b.AgentID))
	})
	return list, nil
}

// FindAgent returns one agent. Error: [intake.ErrNoSuchAgent].
func FindAgent(ctx context.Context, src Source, agentID string, now time.Time) (Agent, error) {
	known, err := src.Agents(ctx, agentID)
	if err != nil {
		return Agent{}, err
	}
	if agentID == "" || len(known) == 0 {
		return Agent{}, fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, agentID)
	}
	return AgentOf(&known[0], now), nil
}

// AgentOf judges what is known about an agent.
func AgentOf(known *intake.Agent, now time.Time) Agent {
	who := &known.Who
	a := Agent{
		AgentID: known.ID, Name: known.Name, State: state(who), Problems: []Health{},
		Group: who.Group, Tags: append([]string{}, who.Tags...),
		Registered: MS(who.Registered), RegisteredFrom: who.From, TokenID: who.TokenID, Relay: who.Relay,
		Session: who.Sessions.Last, SessionFalls: who.Sessions.Falls, OtherKeys: who.OtherKeys.Count,
		Revoked: MS(who.Revoked), Removed: MS(who.Removed), Warnings: []Notice{},
		ProcessVersion: known.ProcessVersion, BundleVersion: known.BundleVersion, BundleState: known.BundleState,
		BundleName: known.BundleName, BundleChannel: known.BundleChannel, Remote: known.Remote,
		FirstSeen: MS(known.FirstSeen), LastSeen: MS(known.LastSeen), Results: known.Results,
		RefusedChecks: known.RefusedChecks, ClockOffsetMS: known.ClockOffsetMS,
	}
	if who.Key != nil {
		name, key := agentkey.Fingerprint(who.Key), agentkey.Encode(who.Key)
		a.Key, a.AgentKey = &name, &key
	}
	for _, w := range who.Warnings(now) {
		a.Warnings = append(a.Warnings, Notice(w))
	}
	a.count(known.Checks)
	a.judge(known, now)
	return a
}

// count sets what the checks of an agent say together.
func (a *Agent) count(checks []intake.CheckState) {
	var told time.Time
	for i := range checks {
		c := &checks[i]
		a.Checks++
		if c.State != "available" && !c.Refused {
			a.Unavailable++
		}
		if p := c.Period.Milliseconds(); p > 0 && (a.PeriodMS == nil || p < *a.PeriodMS) {
			a.PeriodMS = &p
		}
		if c.Waiting != nil && c.Received.After(told) {
			told, a.Waiting = c.Received, c.Waiting
		}
	}
}

// state describes who an agent is.
func state(who *intake.Identity) string {
	switch {
	case !who.Removed.IsZero():
		return "removed"
	case !who.Revoked.IsZero():
		return "revoked"
	case who.Key != nil:
		return "registered"
	}
	return "no key"
}

// MS is a time as JSON: milliseconds since the Unix epoch, null for never.
func MS(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	n := t.UnixMilli()
	return &n
}
