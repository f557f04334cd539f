package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A waitingQuestion is a question that waits for its host.
type waitingQuestion struct {
	Type  string `json:"type" doc:"The type of host information."`
	Asked *int64 `json:"asked_ms" doc:"When somebody asked."`
	By    string `json:"by" doc:"Who asked."`
}

// InfoFields are what an answer of a host has besides its metrics. It is exported for huma.
type InfoFields struct {
	Type     string `json:"type" doc:"The type of host information."`
	Asked    *int64 `json:"asked_ms" doc:"When somebody asked."`
	By       string `json:"by" doc:"Who asked."`
	Answered *int64 `json:"answered_ms" doc:"When the host answered."`
	Outcome  string `json:"outcome" enum:"answered,refused,unusable,silent" doc:"refused: the host does not tell it, most often as its owner denies it. unusable: what it answered has another form, or is too large. silent: it was asked several times, and did not answer."`
	Error    string `json:"error" doc:"The host's words, or what is wrong with its answer; empty if nothing is. With metrics: a part could not be read."`
	Bytes    int    `json:"bytes" doc:"The size of its metrics as JSON."`
}

func infoFields(i *watch.Info) InfoFields {
	return InfoFields{i.Type, report.MS(i.Asked), i.By, report.MS(i.Answered), string(i.Outcome), i.Error, i.Bytes}
}

type infosBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id."`
	PeriodMS      *int64 `json:"period_ms" doc:"About how often the host comes; null if that is not known."`
	// Waiting is first: that is what whoever asked looks for.
	Waiting []waitingQuestion `json:"waiting" nullable:"false" doc:"What it is asked in its next session, by type."`
	Answers []InfoFields      `json:"answers" nullable:"false" doc:"Its last answer of each type, by type."`
}

type infoBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id."`
	InfoFields
	Metrics any `json:"metrics" doc:"An object or a list of objects, as virgo hostinfo --keys documents them; null if there are none. It is the host's, and not sanitized."`
}

type askedBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id."`
	Type          string `json:"type" doc:"What it is asked for."`
	PeriodMS      *int64 `json:"period_ms" doc:"About how often the host comes; null if that is not known."`
}

// An InfoPath is the parameters that name a type of host information of an agent.
type InfoPath struct {
	AgentPath
	Type string `path:"type" maxLength:"64" doc:"The type; virgo hostinfo --list names them."`
}

func (a *API) registerHostInfo() {
	get(a, "/v1/agents/{agent_id}/info", "list-host-info", "What a host is asked, and what it answered", agentsTag,
		func(ctx context.Context, in *AgentPath) (*body[infosBody], error) {
			known, err := a.known(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			out := &body[infosBody]{infosBody{schemaVersion, known.ID, report.AgentOf(known, a.Now()).PeriodMS, []waitingQuestion{}, []InfoFields{}}}
			if a.HostInfo == nil {
				return out, nil
			}
			waiting, err := a.HostInfo.Waiting(ctx)
			if err != nil {
				return nil, a.failed(ctx, err)
			}
			for _, q := range waiting {
				if q.Agent == known.Number {
					out.Body.Waiting = append(out.Body.Waiting, waitingQuestion{q.Type, report.MS(q.Asked), q.By})
				}
			}
			answers, err := a.HostInfo.Infos(ctx, known.Number)
			if err != nil {
				return nil, a.failed(ctx, err)
			}
			for i := range answers {
				out.Body.Answers = append(out.Body.Answers, infoFields(&answers[i]))
			}
			return out, nil
		})
	get(a, "/v1/agents/{agent_id}/info/{type}", "get-host-info", "What a host answered about one type of host information", agentsTag,
		func(ctx context.Context, in *InfoPath) (*body[infoBody], error) {
			known, err := a.known(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			if a.HostInfo == nil {
				return nil, huma.Error404NotFound(watch.ErrNoInfo.Error())
			}
			i, err := a.HostInfo.Info(ctx, known.Number, in.Type)
			switch {
			case errors.Is(err, watch.ErrNoInfo):
				return nil, huma.Error404NotFound(err.Error())
			case err != nil:
				return nil, a.failed(ctx, err)
			}
			out := &body[infoBody]{infoBody{schemaVersion, known.ID, infoFields(&i), nil}}
			if len(i.Metrics) > 0 {
				out.Body.Metrics = json.RawMessage(i.Metrics)
			}
			return out, nil
		})
	register(a, route{method: http.MethodPost, path: "/v1/agents/{agent_id}/info/{type}", id: "ask-host-info", tag: agentsTag,
		summary: "Ask a host for one type of host information, in its next session", scopes: []watch.Scope{watch.AgentsScope}, status: http.StatusAccepted},
		func(ctx context.Context, by watch.Actor, in *InfoPath) (*body[askedBody], error) {
			if err := a.Admin.AskHost(ctx, by, in.ID, in.Type); err != nil {
				return nil, err
			}
			known, err := a.known(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			return &body[askedBody]{askedBody{schemaVersion, in.ID, in.Type, report.AgentOf(known, a.Now()).PeriodMS}}, nil
		})
}

// known returns what the store knows of an agent. The error is an answer.
func (a *API) known(ctx context.Context, id string) (*intake.Agent, error) {
	list, err := a.Store.Agents(ctx, id)
	switch {
	case errors.Is(err, intake.ErrNoSuchAgent), err == nil && (id == "" || len(list) == 0):
		return nil, noSuchAgent()
	case err != nil:
		return nil, a.failed(ctx, err)
	}
	return &list[0], nil
}
