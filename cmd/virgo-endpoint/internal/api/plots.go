package api

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// A TimeSpan is the parameters that select a span of time. It is exported for huma.
type TimeSpan struct {
	Since time.Time `query:"since" doc:"From this time on; default: six hours before until."`
	Until time.Time `query:"until" doc:"Before this time; default: now."`
}

// of returns the span.
func (s *TimeSpan) of(now time.Time) (from, to time.Time) {
	from, to = s.Since, s.Until
	if to.IsZero() {
		to = now
	}
	if from.IsZero() {
		r, _ := chart.RangeOf(chart.DefaultRange)
		from = to.Add(-r.Span)
	}
	return from, to
}

type plotsInput struct {
	AgentPath
	TimeSpan
	Check string `query:"check" maxLength:"256" doc:"Only plots of this check."`
	Plot  string `query:"plot" maxLength:"8192" doc:"Only this plot of the check: the id without the check's."`
	More  bool   `query:"more" doc:"Plots of less important metrics as well."`
}

type timelineInput struct {
	AgentPath
	TimeSpan
	Check string `query:"check" maxLength:"256" doc:"Only this check."`
}

// A lateSpan is a run of results that came late.
type lateSpan struct {
	From         int64 `json:"from_ms" doc:"The time of the first result."`
	To           int64 `json:"to_ms" doc:"That of the last one."`
	FirstArrived int64 `json:"first_arrived_ms" doc:"When the first arrived."`
	LastArrived  int64 `json:"last_arrived_ms" doc:"When the last arrived."`
	Count        int64 `json:"count" doc:"The number of results."`
}

type lateBody struct {
	SchemaVersion int        `json:"schema_version" doc:"1"`
	AgentID       string     `json:"agent_id" doc:"The agent's id."`
	Spans         []lateSpan `json:"spans" nullable:"false" doc:"In the order of time; of results that are still kept."`
}

type topInput struct {
	TimeSpan
	Type   string   `query:"type" required:"true" minLength:"1" maxLength:"256" doc:"The type of the check."`
	Figure string   `query:"figure" required:"true" minLength:"1" maxLength:"8192" doc:"The plot's id within the type, such as usage of agent.cpu; metric/NAME for a metric without a plot of its own."`
	Tag    []string `query:"tag,explode" maxItems:"16" doc:"Only hosts with all of these tags."`
	Agent  []string `query:"agent,explode" maxItems:"16" doc:"Only these hosts."`
	Top    int      `query:"top" minimum:"1" maximum:"50" default:"10" doc:"The number of lines."`
	Least  bool     `query:"least" doc:"The least ones, instead of the greatest."`
}

func (a *API) registerPlots() {
	get(a, "/v1/agents/{agent_id}/plots", "get-plots", "All plots of a host", historyTag, a.plots)
	get(a, "/v1/agents/{agent_id}/timeline", "get-timeline", "The states of a host's checks over time", historyTag, a.timeline)
	get(a, "/v1/agents/{agent_id}/late", "get-late", "Results that came late, and when", historyTag, a.late)
	get(a, "/v1/agents/{agent_id}/losses", "get-losses", "Results that a host lost, as it reported", resultsTag, a.losses)
	get(a, "/v1/figures", "get-figures", "A figure of all hosts, or of those with a tag: the greatest or the least", historyTag, a.top)
}

// failedPlots is the answer to a request for plots that cannot be made.
func (a *API) failedPlots(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, chart.ErrSpan), errors.Is(err, chart.ErrTooMany):
		return huma.Error422UnprocessableEntity(err.Error())
	}
	return a.failed(ctx, err)
}

func (a *API) plots(ctx context.Context, in *plotsInput) (*body[chart.Document], error) {
	if a.Charts == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	from, to := in.of(a.Now())
	doc, err := a.Charts.Plots(ctx, chart.Query{AgentID: in.ID, From: from, To: to, CheckID: in.Check, PlotID: in.Plot, More: in.More})
	if err != nil {
		return nil, a.failedPlots(ctx, err)
	}
	return &body[chart.Document]{*doc}, nil
}

func (a *API) timeline(ctx context.Context, in *timelineInput) (*body[chart.Timeline], error) {
	if a.Charts == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	from, to := in.of(a.Now())
	doc, err := a.Charts.Timeline(ctx, chart.Query{AgentID: in.ID, From: from, To: to, CheckID: in.Check})
	if err != nil {
		return nil, a.failedPlots(ctx, err)
	}
	return &body[chart.Timeline]{*doc}, nil
}

// lateTime is the longest span that late asks for: results are not kept for longer by default.
const lateTime = 31 * 24 * time.Hour

func (a *API) late(ctx context.Context, in *timelineInput) (*body[lateBody], error) {
	if a.Charts == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	from, to := in.of(a.Now())
	if !from.Before(to) {
		return nil, a.failedPlots(ctx, chart.ErrSpan)
	}
	if earliest := to.Add(-lateTime); from.Before(earliest) {
		from = earliest
	}
	spans, err := a.Charts.History.Late(ctx, in.ID, in.Check, from, to)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	out := &body[lateBody]{lateBody{schemaVersion, in.ID, []lateSpan{}}}
	for _, s := range spans {
		out.Body.Spans = append(out.Body.Spans, lateSpan{s.From.UnixMilli(), s.To.UnixMilli(), s.FirstArrived.UnixMilli(), s.LastArrived.UnixMilli(), s.Count})
	}
	return out, nil
}

type lossesBody struct {
	SchemaVersion int           `json:"schema_version" doc:"1"`
	AgentID       string        `json:"agent_id" doc:"The agent's id."`
	Losses        []report.Loss `json:"losses" nullable:"false" doc:"The newest first."`
}

// maxLosses bounds the reports of losses in an answer.
const maxLosses = 200

func (a *API) losses(ctx context.Context, in *AgentPath) (*body[lossesBody], error) {
	if _, err := a.find(ctx, in.ID); err != nil {
		return nil, err
	}
	list, err := report.Losses(ctx, a.Store, in.ID, maxLosses)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	return &body[lossesBody]{lossesBody{schemaVersion, in.ID, list}}, nil
}

func (a *API) top(ctx context.Context, in *topInput) (*body[chart.Top], error) {
	if a.Charts == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	agents, err := a.agents.get(ctx, a.Store, a.Now())
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	from, to := in.of(a.Now())
	q := chart.TopQuery{CheckType: in.Type, Figure: in.Figure, From: from, To: to, Top: in.Top, Least: in.Least}
	for i := range agents {
		ag := &agents[i]
		if ag.Removed == nil && (len(in.Agent) == 0 || slices.Contains(in.Agent, ag.AgentID)) &&
			!slices.ContainsFunc(in.Tag, func(tag string) bool { return !slices.Contains(ag.Tags, tag) }) {
			q.Hosts = append(q.Hosts, chart.Host{ID: ag.AgentID, Name: ag.Name})
		}
	}
	top, err := a.Charts.Top(ctx, q)
	if err != nil {
		return nil, a.failedPlots(ctx, err)
	}
	return &body[chart.Top]{*top}, nil
}
