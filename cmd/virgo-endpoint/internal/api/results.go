package api

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Bounds of a stream.
const (
	// streamTime bounds a stream: while it is read, the store keeps what was deleted meanwhile.
	streamTime = 5 * time.Minute
	// writeTime bounds how long a reader may take for a part of a stream.
	writeTime = 15 * time.Second
	// streamCheck is the number of results after which the token is looked up again, streamCheckTime the
	// time after which it is.
	streamCheck     = 500
	streamCheckTime = 2 * time.Second
)

// A Selection is the parameters that select results. It is exported for huma, which reads no other embedded
// fields.
type Selection struct {
	Check   string `query:"check" maxLength:"256" doc:"Only results of this check."`
	Metric  string `query:"metric" maxLength:"256" doc:"Only results with this metric."`
	State   string `query:"state" enum:"available,unavailable" doc:"Only results with this state."`
	Late    string `query:"late" enum:"true,false" doc:"Only results that were sent late, or only the others."`
	Refused string `query:"refused" enum:"true,false" doc:"Only results of checks that the host's owner does not allow, or only the others."`
}

// filter is the selection of results of an agent; empty: of all.
func (s *Selection) filter(agentID string) intake.Filter {
	return intake.Filter{AgentID: agentID, CheckID: s.Check, Metric: s.Metric, State: s.State, Late: choice(s.Late), Refused: choice(s.Refused)}
}

func choice(text string) *bool {
	if text == "" {
		return nil
	}
	yes := text == "true"
	return &yes
}

type latestInput struct {
	AgentPath
	Selection
}

type latestBody struct {
	SchemaVersion int             `json:"schema_version" doc:"1"`
	AgentID       string          `json:"agent_id" doc:"The agent's id."`
	Results       []report.Result `json:"results" nullable:"false" doc:"The latest result of each check, by check."`
}

type resultsInput struct {
	Selection
	Agent string    `query:"agent" maxLength:"256" doc:"Only results of this agent."`
	Since time.Time `query:"since" doc:"Only results that were made at this time or later."`
	Until time.Time `query:"until" doc:"Only results that were made before this time."`
	Limit int       `query:"limit" minimum:"0" maximum:"10000" default:"1000" doc:"The most results, the newest ones; 0 for all."`
}

// A line is one line of a stream: a result, or the end.
type line struct {
	// Result is what AppendResult writes.
	Result *report.Result `json:"result,omitempty" doc:"A result."`
	End    *end           `json:"end,omitempty" doc:"The last line."`
}

// An end is the end of a stream.
type end struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	Results       int64  `json:"results" doc:"Number of results before this line."`
	Complete      bool   `json:"complete" doc:"All that was selected was sent."`
	Unread        *int64 `json:"unread" doc:"Number of stored results that cannot be read because of damage, -1 if that is unknown; null if there are none."`
	Error         string `json:"error,omitempty" doc:"Why it is not complete."`
}

type refusalsInput struct {
	Agent string `query:"agent" maxLength:"256" doc:"Only what was refused of this agent."`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most, the last ones."`
}

type refusalsBody struct {
	SchemaVersion int              `json:"schema_version" doc:"1"`
	Refusals      []report.Refusal `json:"refusals" nullable:"false" doc:"In the order in which they came."`
}

func (a *API) registerResults() {
	get(a, "/v1/agents/{agent_id}/latest", "latest-results", "The latest result of each check of an agent", resultsTag, a.latest)
	get(a, "/v1/refusals", "list-refusals", "Results that the endpoint did not accept, as far as it remembers them", resultsTag, a.refusals)

	op := operation("/v1/results", "stream-results", "Results, the oldest first, as lines of JSON", resultsTag)
	op.Description = "Each line is one object: a result, or at last the end. A stream without an end was cut."
	op.Responses = map[string]*huma.Response{"200": {Description: "Lines of JSON", Content: map[string]*huma.MediaType{
		ndjson: {Schema: huma.SchemaFromType(a.huma.OpenAPI().Components.Schemas, lineType)},
	}}}
	huma.Register(a.huma, op, a.results)
}

// ndjson is the type of a stream of JSON lines.
const ndjson = "application/x-ndjson"

func (a *API) latest(ctx context.Context, in *latestInput) (*body[latestBody], error) {
	if _, err := a.find(ctx, in.ID); err != nil {
		return nil, err
	}
	out := &body[latestBody]{latestBody{schemaVersion, in.ID, []report.Result{}}}
	err := report.LatestResults(ctx, a.Store, in.filter(in.ID), func(r intake.Result) error {
		out.Body.Results = append(out.Body.Results, report.ResultOf(&r))
		return nil
	})
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	return out, nil
}

func (a *API) refusals(ctx context.Context, in *refusalsInput) (*body[refusalsBody], error) {
	list, err := a.Store.Refusals(ctx, in.Agent, in.Limit)
	if err != nil {
		return nil, a.failed(ctx, err)
	}
	out := &body[refusalsBody]{refusalsBody{schemaVersion, []report.Refusal{}}}
	for i := range list {
		out.Body.Refusals = append(out.Body.Refusals, report.RefusalOf(&list[i]))
	}
	return out, nil
}

// results answers with a stream.
func (a *API) results(_ context.Context, in *resultsInput) (*huma.StreamResponse, error) {
	filter := in.filter(in.Agent)
	filter.Since, filter.Until, filter.Limit = in.Since, in.Until, in.Limit
	if !in.Until.IsZero() && !in.Since.Before(in.Until) {
		return nil, huma.Error422UnprocessableEntity("until is not after since")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		r, w := humago.Unwrap(hc)
		release, ok := a.guard.stream(r)
		if !ok {
			tooMany(w)
			return
		}
		defer release()
		ctx, cancel := context.WithTimeout(r.Context(), streamTime)
		defer cancel()
		s := &stream{api: a, request: r, control: http.NewResponseController(w), out: bufio.NewWriterSize(w, 32<<10)}
		s.send(ctx, w, filter)
	}}, nil
}

// A stream is one that is being sent.
type stream struct {
	api     *API
	request *http.Request
	control *http.ResponseController
	out     *bufio.Writer
	line    []byte
	sent    int64
	checked time.Time
}

var (
	errRevoked = errors.New("the token or the login is not valid any more")
	errReader  = errors.New("the reader is gone, or too slow")
)

func (s *stream) send(ctx context.Context, w http.ResponseWriter, filter intake.Filter) {
	w.Header().Set("Content-Type", ndjson)
	s.checked = s.api.Now()
	s.extend()
	err := s.api.Store.Results(ctx, filter, func(r intake.Result) error { return s.result(ctx, &r) })
	var unread *intake.UnreadError
	last := end{SchemaVersion: schemaVersion, Results: s.sent, Complete: true}
	switch {
	case errors.As(err, &unread):
		last.Unread = &unread.Results
	case errors.Is(err, errReader):
		return
	case err != nil:
		last.Complete, last.Error = false, reason(ctx, err)
		s.api.Log.Warn("a stream of results ended early", "reason", err, "sent", s.sent)
	}
	s.extend()
	data, err := json.Marshal(line{End: &last})
	if err == nil && s.write(append(data, '\n')) == nil {
		_ = s.out.Flush()
	}
}

// reason says why a stream ended early.
func reason(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, errRevoked):
		return err.Error()
	case ctx.Err() != nil:
		return "it took too long: continue with since"
	}
	return "the store cannot be read; the endpoint's log says why"
}

func (s *stream) result(ctx context.Context, r *intake.Result) error {
	if now := s.api.Now(); s.sent%streamCheck == 0 && s.sent > 0 || now.Sub(s.checked) >= streamCheckTime {
		s.checked = now
		s.extend()
		if actor, err := s.api.guard.who(ctx, s.request); err != nil || !actor.May(watch.ReadScope) {
			return errRevoked
		}
	}
	var err error
	if s.line, err = report.AppendResult(append(s.line[:0], `{"result":`...), r); err != nil {
		return err
	}
	s.sent++
	s.line = append(s.line, '}', '\n')
	return s.write(s.line)
}

// extend gives the reader time for the next part.
func (s *stream) extend() { _ = s.control.SetWriteDeadline(time.Now().Add(writeTime)) }

func (s *stream) write(data []byte) error {
	if _, err := s.out.Write(data); err != nil {
		return errReader
	}
	return nil
}
