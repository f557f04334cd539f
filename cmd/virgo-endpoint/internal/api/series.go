package api

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

var lineType = reflect.TypeFor[line]()

// A series is one metric of a check.
type series struct {
	CheckID   string `json:"check_id" doc:"The check's id."`
	CheckType string `json:"check_type" doc:"The check's type."`
	Dimension string `json:"dimension" doc:"Empty where there is none."`
	Metric    string `json:"metric" doc:"The metric's name."`
	Type      string `json:"type" doc:"That of its latest value, for example gauge."`
	Unit      string `json:"unit" doc:"That of its latest value; may be empty."`
	First     int64  `json:"first_ms" doc:"The day (UTC) of its earliest value."`
	Last      int64  `json:"last_ms" doc:"The day (UTC) of its latest value."`
}

type seriesInput struct {
	AgentPath
	Limit int `query:"limit" minimum:"1" maximum:"10000" default:"1000" doc:"The most series."`
}

type seriesBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	AgentID       string   `json:"agent_id" doc:"The agent's id."`
	Series        []series `json:"series" nullable:"false" doc:"By check, dimension and metric."`
	Truncated     bool     `json:"truncated" doc:"There are more than the limit."`
}

type historyInput struct {
	AgentPath
	Check     string    `query:"check" required:"true" minLength:"1" maxLength:"256" doc:"The check's id."`
	Metric    string    `query:"metric" required:"true" minLength:"1" maxLength:"4096" doc:"The metric's name."`
	Dimension string    `query:"dimension" maxLength:"4096" doc:"The metric's dimension, if it has one."`
	Since     time.Time `query:"since" doc:"From this time on; default: a day ago."`
	Until     time.Time `query:"until" doc:"Before this time; default: now."`
	Step      string    `query:"step" enum:"result,5m,1h,1d" default:"result" doc:"A point for each result, or for so long."`
	Limit     int       `query:"limit" minimum:"1" maximum:"20000" default:"2000" doc:"The most points."`
}

// A point is one of a history.
type point struct {
	Time   int64    `json:"time_ms" doc:"When, or the begin of the span."`
	SpanMS int64    `json:"span_ms" doc:"0 for the point of one result."`
	Min    *number  `json:"min" doc:"The least value of the span; null for a text."`
	Max    *number  `json:"max" doc:"The greatest; equal to min for one result."`
	Mean   *float64 `json:"mean" doc:"Their mean; null for a text."`
	Text   *string  `json:"text" doc:"The value of a series of texts; null for a number."`
	Count  int64    `json:"count" doc:"Number of values."`
	Late   bool     `json:"late" doc:"Some were sent late."`
	Gap    bool     `json:"gap" doc:"Values are missing before this point: draw no line to it."`
}

// A number is exact, also where a float64 would not be.
type number struct{ intake.Value }

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) { return []byte(n.String()), nil }

// Schema implements huma.SchemaProvider.
func (number) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeNumber, Nullable: true}
}

type historyBody struct {
	SchemaVersion int        `json:"schema_version" doc:"1"`
	AgentID       string     `json:"agent_id" doc:"The agent's id."`
	Points        []point    `json:"points" nullable:"false" doc:"In the order of time."`
	NextSince     *time.Time `json:"next_since" doc:"The parameter since of the next page; null if this is all."`
}

func (a *API) registerSeries() {
	get(a, "/v1/agents/{agent_id}/series", "list-series", "The metrics of an agent that have a history", historyTag, a.listSeries)
	get(a, "/v1/agents/{agent_id}/history", "get-history", "How a metric changed", historyTag, a.history)
}

var errNoHistory = errors.New("this endpoint keeps no history")

func (a *API) listSeries(ctx context.Context, in *seriesInput) (*body[seriesBody], error) {
	if a.Series == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	list, err := a.Series.Series(ctx, in.ID)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	out := &body[seriesBody]{seriesBody{SchemaVersion: schemaVersion, AgentID: in.ID, Series: []series{}, Truncated: len(list) > in.Limit}}
	for _, s := range list[:min(len(list), in.Limit)] {
		out.Body.Series = append(out.Body.Series, series{s.CheckID, s.CheckType, s.Dimension, s.Metric, s.Type, s.Unit,
			s.First.UnixMilli(), s.Last.UnixMilli()})
	}
	return out, nil
}

// steps are the values of the parameter step.
func stepOf(name string) time.Duration {
	switch name {
	case "5m":
		return intake.FiveMinutes
	case "1h":
		return intake.Hourly
	case "1d":
		return intake.Daily
	}
	return intake.EveryResult
}

// errEnough ends a history at its limit.
var errEnough = errors.New("enough")

func (a *API) history(ctx context.Context, in *historyInput) (*body[historyBody], error) {
	if a.Series == nil {
		return nil, huma.Error404NotFound(errNoHistory.Error())
	}
	now := a.Now()
	query := intake.SeriesQuery{AgentID: in.ID, CheckID: in.Check, Metric: in.Metric, Dimension: in.Dimension,
		From: in.Since, To: in.Until, Step: stepOf(in.Step)}
	if query.To.IsZero() {
		query.To = now
	}
	if query.From.IsZero() {
		query.From = query.To.Add(-24 * time.Hour)
	}
	if !query.From.Before(query.To) {
		return nil, huma.Error422UnprocessableEntity("until is not after since")
	}
	out := &body[historyBody]{historyBody{SchemaVersion: schemaVersion, AgentID: in.ID, Points: []point{}}}
	err := a.Series.Points(ctx, query, func(p intake.Point) error {
		if len(out.Body.Points) == in.Limit {
			next := p.Time.UTC()
			if !next.After(query.From) {
				next = query.From.UTC().Add(time.Millisecond)
			}
			out.Body.NextSince = &next
			return errEnough
		}
		out.Body.Points = append(out.Body.Points, pointOf(&p))
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		return nil, a.failed(ctx, err)
	}
	return out, nil
}

func pointOf(p *intake.Point) point {
	one := point{Time: p.Time.UnixMilli(), SpanMS: p.Span.Milliseconds(), Count: p.Count, Late: p.Late, Gap: p.Gap}
	if p.Text != "" {
		one.Text = &p.Text
		return one
	}
	one.Min, one.Max, one.Mean = &number{p.Min}, &number{p.Max}, &p.Mean
	return one
}
