package api

import (
	"context"
	"net/http"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

type tagsBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	AgentID       string   `json:"agent_id" doc:"The agent's id."`
	Tags          []string `json:"tags" nullable:"false" doc:"Sorted."`
}

// An AgentChange names an agent that is to be changed.
type AgentChange struct {
	AgentPath
	Conditions
}

type changedBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	AgentID       string `json:"agent_id" doc:"The agent's id from now on."`
	Done          string `json:"done" enum:"renamed,revoked,reset,removed" doc:"What was done."`
}

func tagsAnswer(id string, tags []string, err error) (*tagged[tagsBody], error) {
	return &tagged[tagsBody]{quoted(admin.TagsETag(tags)), tagsBody{schemaVersion, id, append([]string{}, tags...)}}, err
}

func (a *API) registerAgentChanges() {
	register(a, route{method: http.MethodGet, path: "/v1/agents/{agent_id}/tags", id: "get-tags", summary: "The tags of an agent", tag: agentsTag,
		scopes: []watch.Scope{watch.TagsScope, watch.ReadScope}},
		func(ctx context.Context, _ watch.Actor, in *AgentPath) (*tagged[tagsBody], error) {
			tags, _, err := a.Admin.Tags(ctx, in.ID)
			return tagsAnswer(in.ID, tags, err)
		})
	register(a, route{method: http.MethodPut, path: "/v1/agents/{agent_id}/tags", id: "put-tags", summary: "Replace the tags of an agent", tag: agentsTag,
		scopes: []watch.Scope{watch.TagsScope}, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			AgentChange
			Body struct {
				Tags []string `json:"tags" nullable:"false" maxItems:"64" doc:"All tags that it is to have."`
			}
		}) (*tagged[tagsBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			tags, err := a.Admin.PutTags(ctx, by, in.ID, in.Body.Tags, m)
			a.agents.forgetNow()
			return tagsAnswer(in.ID, tags, err)
		})
	register(a, route{method: http.MethodPatch, path: "/v1/agents/{agent_id}", id: "rename-agent", summary: "Give an agent another id", tag: agentsTag,
		scopes: []watch.Scope{watch.AgentsScope}, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			AgentChange
			Body struct {
				AgentID string `json:"agent_id" minLength:"1" maxLength:"256" doc:"Its new id. Set it on the host too."`
			}
		}) (*body[changedBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			err = a.Admin.RenameAgent(ctx, by, in.ID, in.Body.AgentID, m)
			return a.agentChanged("renamed", in.Body.AgentID, err)
		})
	do := func(method, path, id, summary, done string, needed bool, change func(context.Context, watch.Actor, string, admin.Match) error) {
		register(a, route{method: method, path: path, id: id, summary: summary, tag: agentsTag, scopes: []watch.Scope{watch.AgentsScope}, conditional: needed},
			func(ctx context.Context, by watch.Actor, in *struct{ AgentChange }) (*body[changedBody], error) {
				condition := in.optional
				if needed {
					condition = in.match
				}
				m, err := condition()
				if err != nil {
					return nil, err
				}
				return a.agentChanged(done, in.ID, change(ctx, by, in.ID, m))
			})
	}
	// Revoking needs no look at the agent before: it must work at once.
	do(http.MethodPost, "/v1/agents/{agent_id}/revoke", "revoke-agent", "End an agent's access at once", "revoked", false,
		func(ctx context.Context, by watch.Actor, id string, m admin.Match) error {
			return a.Admin.RevokeAgent(ctx, by, id, m)
		})
	do(http.MethodPost, "/v1/agents/{agent_id}/reset", "reset-agent", "Forget an agent's key, so that its host can enrol anew", "reset", true,
		func(ctx context.Context, by watch.Actor, id string, m admin.Match) error {
			return a.Admin.ResetAgent(ctx, by, id, m)
		})
	do(http.MethodDelete, "/v1/agents/{agent_id}", "remove-agent", "Forget an agent; its results stay", "removed", true,
		func(ctx context.Context, by watch.Actor, id string, m admin.Match) error {
			return a.Admin.RemoveAgent(ctx, by, id, m)
		})
}

func (a *API) agentChanged(done, id string, err error) (*body[changedBody], error) {
	a.agents.forgetNow()
	return &body[changedBody]{changedBody{schemaVersion, id, done}}, err
}
