package api

import (
	"context"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

type auditInput struct {
	Since  time.Time `query:"since" doc:"Only what was done then or later."`
	Until  time.Time `query:"until" doc:"Only what was done before."`
	Actor  string    `query:"actor" maxLength:"256" doc:"Only what this person, token or user did."`
	Object string    `query:"object" maxLength:"256" doc:"Only what was done to this."`
	Limit  int       `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most, the newest."`
}

// An auditEntry is a record of the audit log.
type auditEntry struct {
	ID        int64  `json:"id" doc:"Grows with each record."`
	At        int64  `json:"at_ms" doc:"When it began."`
	ActorKind string `json:"actor_kind" doc:"person, proxy, token or command."`
	Actor     string `json:"actor" doc:"The person's name, the token's id, or the user of the endpoint's host."`
	Remote    string `json:"remote" doc:"The address that it came from; empty for a command."`
	Action    string `json:"action" doc:"What was done."`
	Object    string `json:"object" doc:"What it was done to."`
	Before    string `json:"before" doc:"What was there, without secrets."`
	After     string `json:"after" doc:"What is there now, without secrets."`
	Outcome   string `json:"outcome" doc:"done; failed: and why; begun: it may have happened."`
}

type auditBody struct {
	SchemaVersion int          `json:"schema_version" doc:"1"`
	Entries       []auditEntry `json:"entries" nullable:"false" doc:"Newest first."`
}

type pageBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	PublicTags    []string `json:"public_tags" nullable:"false" doc:"Tags whose hosts have a page with their states that everybody may read."`
}

func (a *API) registerAudit() {
	register(a, route{method: http.MethodGet, path: "/v1/audit", id: "list-audit", summary: "Who changed what, and from where", tag: changesTag, scopes: []watch.Scope{watch.AuditScope}},
		func(ctx context.Context, by watch.Actor, in *auditInput) (*body[auditBody], error) {
			out := &body[auditBody]{auditBody{schemaVersion, []auditEntry{}}}
			filter := watch.EntryFilter{From: in.Since, To: in.Until, Actor: in.Actor, Object: in.Object, Limit: in.Limit}
			err := a.Admin.Entries(ctx, by, filter, func(e watch.Entry) error {
				out.Body.Entries = append(out.Body.Entries, auditEntry{e.ID, e.At.UnixMilli(), e.ActorKind, e.Actor, e.Remote, e.Action, e.Object,
					string(e.Before), string(e.After), e.Outcome})
				return nil
			})
			return out, err
		})
	answer := func(p admin.Page, err error) (*tagged[pageBody], error) {
		return &tagged[pageBody]{quoted(p.PageETag()), pageBody{schemaVersion, append([]string{}, p.PublicTags...)}}, err
	}
	scopes := []watch.Scope{watch.PeopleScope}
	register(a, route{method: http.MethodGet, path: "/v1/page", id: "get-page", summary: "The settings of the page", tag: changesTag, scopes: scopes},
		func(ctx context.Context, _ watch.Actor, _ *struct{}) (*tagged[pageBody], error) {
			return answer(a.Admin.Page(ctx))
		})
	register(a, route{method: http.MethodPut, path: "/v1/page", id: "put-page", summary: "Change the settings of the page", tag: changesTag, scopes: scopes, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			Conditions
			Body struct {
				PublicTags []string `json:"public_tags" nullable:"false" maxItems:"64" doc:"All that are to be public."`
			}
		}) (*tagged[pageBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			return answer(a.Admin.PutPage(ctx, by, admin.Page{PublicTags: in.Body.PublicTags}, m))
		})
}
