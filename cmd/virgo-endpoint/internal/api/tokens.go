package api

import (
	"context"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

type tokensBody struct {
	SchemaVersion int            `json:"schema_version" doc:"1"`
	Tokens        []report.Token `json:"tokens" nullable:"false" doc:"Oldest first, without their secrets."`
}

type tokenBody struct {
	SchemaVersion int          `json:"schema_version" doc:"1"`
	Token         report.Token `json:"token" doc:"The token."`
	Secret        string       `json:"secret,omitempty" doc:"The token itself: only here, and only this once."`
}

// tokenFields are what a new token is to be.
type tokenFields struct {
	Label    string   `json:"label,omitempty" maxLength:"400" doc:"A note."`
	Kinds    []string `json:"kinds" minItems:"1" maxItems:"5" nullable:"false" enum:"enrol,legacy,relay,read,admin" doc:"What it is for."`
	Scopes   []string `json:"scopes,omitempty" maxItems:"32" doc:"Of kind admin: what it may do, at most what the actor may."`
	Uses     int      `json:"uses,omitempty" minimum:"0" doc:"Number of hosts that may enrol with it; 0: any number."`
	Expires  *int64   `json:"expires_ms,omitempty" doc:"When it ends; null: never, which kind admin does not allow."`
	Group    string   `json:"group,omitempty" maxLength:"400" doc:"Group of the agents that enrol with it."`
	AgentIDs []string `json:"agent_ids,omitempty" doc:"Only for these agents."`
}

func (f *tokenFields) spec() (intake.TokenSpec, error) {
	s := intake.TokenSpec{Label: f.Label, Group: f.Group, Uses: f.Uses, AgentIDs: f.AgentIDs, Scopes: f.Scopes}
	for _, name := range f.Kinds {
		kind, err := intake.ParseKind(name)
		if err != nil {
			return s, err
		}
		s.Kinds |= kind
	}
	if f.Expires != nil {
		s.Expires = time.UnixMilli(*f.Expires)
	}
	return s, nil
}

func (a *API) registerTokens() {
	scopes := []watch.Scope{watch.TokensScope}
	register(a, route{method: http.MethodGet, path: "/v1/tokens", id: "list-tokens", summary: "List the tokens", tag: changesTag, scopes: scopes},
		func(ctx context.Context, by watch.Actor, _ *struct{}) (*body[tokensBody], error) {
			list, err := a.Admin.Tokens(ctx, by)
			out := &body[tokensBody]{tokensBody{schemaVersion, []report.Token{}}}
			for i := range list {
				out.Body.Tokens = append(out.Body.Tokens, report.TokenOf(&list[i], a.Now()))
			}
			return out, err
		})
	register(a, route{method: http.MethodPost, path: "/v1/tokens", id: "add-token", summary: "Make a token", tag: changesTag, scopes: scopes, status: http.StatusCreated},
		func(ctx context.Context, by watch.Actor, in *struct{ Body tokenFields }) (*body[tokenBody], error) {
			spec, err := in.Body.spec()
			if err != nil {
				return nil, err
			}
			secret, t, err := a.Admin.AddToken(ctx, by, spec)
			return &body[tokenBody]{tokenBody{schemaVersion, report.TokenOf(&t, a.Now()), secret}}, err
		})
	register(a, route{method: http.MethodDelete, path: "/v1/tokens/{id}", id: "revoke-token", summary: "Revoke a token at once", tag: changesTag, scopes: scopes},
		func(ctx context.Context, by watch.Actor, in *struct {
			ID string `path:"id" maxLength:"32" doc:"The token's id, which is not the token."`
		}) (*body[tokenBody], error) {
			t, err := a.Admin.RevokeToken(ctx, by, in.ID)
			return &body[tokenBody]{tokenBody{schemaVersion, report.TokenOf(&t, a.Now()), ""}}, err
		})
}
