package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// Alarms are how alarms stand and stood. The engine, with what it stores, is one.
type Alarms interface {
	// Standing returns the alarms that stand or cannot be judged, the worst first.
	Standing() []watch.Standing
	// Changes is that of watch.Alarms.
	Changes(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error
}

// A Trial says when rules would have raised alarms. Whoever makes one bounds how much it reads.
type Trial func(ctx context.Context, rules []byte, since, until time.Time, fn func(watch.Firing) error) ([]schedule.Problem, error)

// Bounds of a trial.
const (
	maxFirings = 1000
	maxTrial   = 31 * 24 * time.Hour
	trialTime  = 10 * time.Second
)

// A standing is an alarm in a document.
type standing struct {
	Key       string   `json:"key" doc:"For acknowledging it."`
	Rule      string   `json:"rule" doc:"The rule's id."`
	AgentID   string   `json:"agent_id" doc:"The agent's id."`
	Host      string   `json:"host" doc:"The agent's name."`
	CheckID   string   `json:"check_id" doc:"The check; empty for an alarm of the host."`
	Dimension string   `json:"dimension" doc:"The part of the check; may be empty."`
	State     string   `json:"state" enum:"WARNING,CRITICAL,SILENT,UNKNOWN,OK" doc:"How it stands."`
	Since     *int64   `json:"since_ms" doc:"Since when."`
	Value     *float64 `json:"value" doc:"What decided; null if there is none."`
	Threshold *float64 `json:"threshold" doc:"What it was compared with."`
	Text      string   `json:"text" doc:"One sentence."`
	AckedBy   string   `json:"acknowledged_by" doc:"Who looks after it; empty: nobody."`
	AckedAt   *int64   `json:"acknowledged_ms" doc:"Since when."`
	Silence   int64    `json:"silence" doc:"The silence that holds its notifications back; 0: none."`
	Flapping  bool     `json:"flapping" doc:"It changes too often to be told each time."`
}

type alarmsBody struct {
	SchemaVersion int        `json:"schema_version" doc:"1"`
	Alarms        []standing `json:"alarms" nullable:"false" doc:"The worst first."`
}

type alarmsInput struct {
	Agent string `query:"agent" maxLength:"256" doc:"Only of this agent."`
	Tag   string `query:"tag" maxLength:"64" doc:"Only of agents with this tag."`
	Rule  string `query:"rule" maxLength:"256" doc:"Only of this rule."`
	State string `query:"state" enum:"WARNING,CRITICAL,SILENT,UNKNOWN" doc:"Only in this state."`
}

func (in *alarmsInput) selects(s *watch.Standing) bool {
	return (in.Agent == "" || in.Agent == s.AgentID) && (in.Rule == "" || in.Rule == s.Rule) &&
		(in.State == "" || in.State == s.State.String()) && (in.Tag == "" || slices.Contains(s.Tags, in.Tag))
}

// A changeEntry is a change of an alarm in a document.
type changeEntry struct {
	ID        int64    `json:"id" doc:"Grows with each change."`
	Rule      string   `json:"rule" doc:"The rule's id."`
	AgentID   string   `json:"agent_id" doc:"The agent's id then."`
	Host      string   `json:"host" doc:"Its name then."`
	CheckID   string   `json:"check_id" doc:"The check; empty for an alarm of the host."`
	Dimension string   `json:"dimension" doc:"The part of the check; may be empty."`
	At        *int64   `json:"at_ms" doc:"When it changed."`
	Until     *int64   `json:"until_ms" doc:"When that state ended; null while it lasts."`
	Was       string   `json:"was" doc:"The state before."`
	State     string   `json:"state" doc:"The state from then on."`
	Value     *float64 `json:"value" doc:"What decided; null if there is none."`
	Threshold *float64 `json:"threshold" doc:"What it was compared with."`
	Text      string   `json:"text" doc:"One sentence."`
	Kind      string   `json:"kind" enum:"real,late,silenced,flapping,fleet" doc:"late: what results that came late would have said. silenced: a silence held its notification back."`
}

// kindNames are the names of kinds of changes.
var kindNames = [...]string{watch.Real: "real", watch.Late: "late", watch.Silenced: "silenced", watch.Flapped: "flapping", watch.Fleet: "fleet"}

type changesBody struct {
	SchemaVersion int           `json:"schema_version" doc:"1"`
	Changes       []changeEntry `json:"changes" nullable:"false" doc:"Newest first."`
}

type changesInput struct {
	Since time.Time `query:"since" doc:"Only changes then or later."`
	Until time.Time `query:"until" doc:"Only changes before."`
	Agent string    `query:"agent" maxLength:"256" doc:"Only of this agent."`
	Rule  string    `query:"rule" maxLength:"256" doc:"Only of this rule."`
	Limit int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most, the newest."`
}

// A firing is a span in which a rule would have raised an alarm.
type firing struct {
	Rule      string   `json:"rule" doc:"The rule's id."`
	AgentID   string   `json:"agent_id" doc:"The agent's id."`
	Host      string   `json:"host" doc:"Its name."`
	CheckID   string   `json:"check_id" doc:"The check."`
	Dimension string   `json:"dimension" doc:"The part of the check; may be empty."`
	From      *int64   `json:"from_ms" doc:"When it would have begun."`
	To        *int64   `json:"to_ms" doc:"When it would have ended; null: not yet."`
	State     string   `json:"state" doc:"The worst state in it."`
	Peak      *float64 `json:"peak" doc:"The worst value in it; null if there is none."`
	Threshold *float64 `json:"threshold" doc:"What it was compared with."`
	Text      string   `json:"text" doc:"One sentence."`
	Coarse    bool     `json:"coarse" doc:"Only minima and maxima of spans were left to judge by."`
}

type trialBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	Firings       []firing `json:"firings" nullable:"false" doc:"When alarms would have been raised, host by host."`
	Complete      bool     `json:"complete" doc:"false: it took too long, or there are more; these are those that were found."`
}

func (a *API) registerAlarms() {
	reads := []watch.Scope{watch.ReadScope, watch.AlarmsScope}
	register(a, route{method: http.MethodGet, path: "/v1/alarms", id: "list-alarms", summary: "The alarms that stand, or cannot be judged", tag: alarmsTag, scopes: reads},
		func(_ context.Context, _ watch.Actor, in *alarmsInput) (*body[alarmsBody], error) {
			if a.Alarms == nil {
				return nil, noAlarms()
			}
			out := &body[alarmsBody]{alarmsBody{schemaVersion, []standing{}}}
			list := a.Alarms.Standing()
			for i := range list {
				if s := &list[i]; in.selects(s) {
					out.Body.Alarms = append(out.Body.Alarms, standing{s.Key.Text(), s.Rule, s.AgentID, s.Host, s.CheckID, s.Dimension, s.State.String(),
						report.MS(s.Since), s.Value, s.Threshold, s.Text, s.AckedBy, report.MS(s.AckedAt), s.SilencedBy, s.Flapping})
				}
			}
			return out, nil
		})
	register(a, route{method: http.MethodGet, path: "/v1/alarms/history", id: "list-alarm-changes", summary: "How alarms changed", tag: alarmsTag, scopes: reads}, a.alarmChanges)
	register(a, route{method: http.MethodPost, path: "/v1/rules/try", id: "try-rules", summary: "When rules would have raised alarms, from the stored results; changes nothing", tag: alarmsTag,
		scopes: []watch.Scope{watch.AlarmsScope}}, a.try)
}

func noAlarms() error { return huma.Error503ServiceUnavailable("this endpoint judges no alarms") }

func (a *API) alarmChanges(ctx context.Context, _ watch.Actor, in *changesInput) (*body[changesBody], error) {
	if a.Alarms == nil {
		return nil, noAlarms()
	}
	out := &body[changesBody]{changesBody{schemaVersion, []changeEntry{}}}
	f := watch.ChangeFilter{Rule: in.Rule, From: in.Since, To: in.Until, Limit: in.Limit}
	if in.Agent != "" {
		agents, err := a.Store.Agents(ctx, in.Agent)
		if err != nil {
			return nil, err
		}
		if len(agents) == 0 {
			return out, nil
		}
		f.Agent = agents[0].Number
	}
	err := a.Alarms.Changes(ctx, f, func(c watch.Change) error {
		out.Body.Changes = append(out.Body.Changes, changeEntry{c.ID, c.Rule, c.AgentID, c.Host, c.CheckID, c.Dimension, report.MS(c.At), report.MS(c.Until),
			c.Was.String(), c.State.String(), c.Value, c.Threshold, c.Text, kindNames[min(int(c.Kind), len(kindNames)-1)]})
		return nil
	})
	return out, err
}

type trialInput struct {
	Since   time.Time `query:"since" doc:"From when on; a week ago if it is missing."`
	Until   time.Time `query:"until" doc:"Until when; now if it is missing."`
	RawBody []byte    `contentType:"application/yaml"`
}

// enough ends a trial that has found many firings.
type enough struct{}

func (enough) Error() string { return "more than are shown" }

func (a *API) try(ctx context.Context, _ watch.Actor, in *trialInput) (*body[trialBody], error) {
	if a.Trial == nil {
		return nil, noAlarms()
	}
	until := in.Until
	if until.IsZero() {
		until = a.Now()
	}
	since := in.Since
	if since.IsZero() {
		since = until.Add(-7 * 24 * time.Hour)
	}
	if !since.Before(until) || until.Sub(since) > maxTrial {
		return nil, huma.Error422UnprocessableEntity("a trial is of 31 days at most")
	}
	out := &body[trialBody]{trialBody{schemaVersion, []firing{}, true}}
	bounded, cancel := context.WithTimeout(ctx, trialTime)
	defer cancel()
	problems, err := a.Trial(bounded, in.RawBody, since, until, func(f watch.Firing) error {
		if len(out.Body.Firings) == maxFirings {
			return enough{}
		}
		out.Body.Firings = append(out.Body.Firings, firing{f.Rule, f.AgentID, f.Host, f.CheckID, f.Dimension, report.MS(f.From), report.MS(f.To),
			f.State.String(), f.Peak, f.Threshold, f.Text, f.Coarse})
		return nil
	})
	switch {
	case len(problems) > 0:
		return nil, mistakesAnswer("the rules have mistakes", problems)
	case bounded.Err() != nil && ctx.Err() == nil, errors.As(err, new(enough)):
		out.Body.Complete, err = false, nil
	}
	return out, err
}
