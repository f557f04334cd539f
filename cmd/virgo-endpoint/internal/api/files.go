package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A NamePath is the parameter that names a file, without its ending.
type NamePath struct {
	Name string `path:"name" maxLength:"256" doc:"The name, without .yaml."`
}

// A fileInput is a file that is to be.
type fileInput struct {
	NamePath
	Conditions
	RawBody []byte `contentType:"application/yaml"`
}

// A deleteInput names a file that is to be deleted.
type deleteInput struct {
	NamePath
	Conditions
}

// A fileEntry is a file in a list.
type fileEntry struct {
	Name     string    `json:"name" doc:"Without .yaml."`
	ETag     string    `json:"etag" doc:"For If-Match, in quotes there."`
	Bytes    int       `json:"bytes" doc:"Its size."`
	Mistakes []Mistake `json:"mistakes" nullable:"false" doc:"What is wrong in it."`
}

type filesBody struct {
	SchemaVersion int         `json:"schema_version" doc:"1"`
	Files         []fileEntry `json:"files" nullable:"false" doc:"By name."`
}

// A storedBody is the answer to a file that was stored.
type storedBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	Note          string `json:"note,omitempty" doc:"What else has to be known."`
}

type foundBody struct {
	SchemaVersion int       `json:"schema_version" doc:"1"`
	Mistakes      []Mistake `json:"mistakes" nullable:"false" doc:"What is wrong in it."`
}

func listOf(files []admin.File, err error) (*body[filesBody], error) {
	if err != nil {
		return nil, err
	}
	out := &body[filesBody]{filesBody{schemaVersion, []fileEntry{}}}
	for _, f := range files {
		out.Body.Files = append(out.Body.Files, fileEntry{f.Name, f.ETag, len(f.Data), mistakesOf(f.Problems)})
	}
	return out, nil
}

// fileAnswer is an answer with a file as it is.
func fileAnswer(f admin.File, err error) (*huma.StreamResponse, error) {
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Content-Type", yamlType)
		w.Header().Set("ETag", quoted(f.ETag))
		_, _ = w.Write(f.Data)
	}}, nil
}

// hostsDecide is what whoever changes a schedule has to know.
const hostsDecide = "hosts decide what they run: what an owner does not allow is a refused check"

func (a *API) registerFiles() {
	one := func(s ...watch.Scope) []watch.Scope { return s }
	list := func(path, id, what string, scopes []watch.Scope, read func(watch.Actor) ([]admin.File, error)) {
		register(a, route{method: http.MethodGet, path: path, id: id, summary: "List the " + what, tag: changesTag, scopes: scopes},
			func(_ context.Context, by watch.Actor, _ *struct{}) (*body[filesBody], error) {
				return listOf(read(by))
			})
	}
	get := func(path, id, what string, scopes []watch.Scope, read func(watch.Actor, string) (admin.File, error)) {
		register(a, route{method: http.MethodGet, path: path, id: id, summary: what, tag: changesTag, scopes: scopes, media: yamlType},
			func(_ context.Context, by watch.Actor, in *NamePath) (*huma.StreamResponse, error) {
				return fileAnswer(read(by, in.Name))
			})
	}
	put := func(path, id, what, note string, scope watch.Scope, do func(context.Context, watch.Actor, string, []byte, admin.Match) (string, error)) {
		register(a, route{method: http.MethodPut, path: path, id: id, summary: what, tag: changesTag, scopes: one(scope), conditional: true},
			func(ctx context.Context, by watch.Actor, in *fileInput) (*tagged[storedBody], error) {
				m, err := in.match()
				if err != nil {
					return nil, err
				}
				etag, err := do(ctx, by, in.Name, in.RawBody, m)
				return &tagged[storedBody]{quoted(etag), storedBody{schemaVersion, note}}, err
			})
	}
	remove := func(path, id, what string, scope watch.Scope, do func(context.Context, watch.Actor, string, admin.Match) error) {
		register(a, route{method: http.MethodDelete, path: path, id: id, summary: what, tag: changesTag, scopes: one(scope), conditional: true, status: http.StatusNoContent},
			func(ctx context.Context, by watch.Actor, in *deleteInput) (*struct{}, error) {
				m, err := in.match()
				if err != nil {
					return nil, err
				}
				return nil, do(ctx, by, in.Name, m)
			})
	}
	check := func(path, id, what string, scope watch.Scope, find func(string, []byte) []Mistake) {
		register(a, route{method: http.MethodPost, path: path, id: id, summary: what, tag: changesTag, scopes: one(scope)},
			func(_ context.Context, _ watch.Actor, in *struct {
				NamePath
				RawBody []byte `contentType:"application/yaml"`
			}) (*body[foundBody], error) {
				return &body[foundBody]{foundBody{schemaVersion, find(in.Name, in.RawBody)}}, nil
			})
	}
	ad := a.Admin
	if ad == nil {
		ad = admin.New(admin.Options{}) // for the document alone: register refuses every request
	}
	list("/v1/schedules", "list-schedules", "schedules, without what is in them", one(watch.SchedulesScope, watch.ReadScope), ad.Schedules)
	get("/v1/schedules/{name}", "get-schedule", "A schedule; it may have passwords", one(watch.SchedulesScope), ad.Schedule)
	put("/v1/schedules/{name}", "put-schedule", "Store the schedule of an agent, or default", hostsDecide, watch.SchedulesScope, ad.PutSchedule)
	remove("/v1/schedules/{name}", "delete-schedule", "Delete an agent's own schedule: it has the default then", watch.SchedulesScope, ad.DeleteSchedule)
	check("/v1/schedules/{name}/check", "check-schedule", "List the mistakes of a schedule, and change nothing", watch.SchedulesScope,
		func(name string, data []byte) []Mistake { return mistakesOf(ad.CheckSchedule(name, data)) })
	list("/v1/rules", "list-rules", "files with rules of alarms", one(watch.AlarmsScope, watch.ReadScope), ad.Rules)
	get("/v1/rules/{name}", "get-rules", "A file with rules of alarms", one(watch.AlarmsScope, watch.ReadScope), ad.RuleFile)
	put("/v1/rules/{name}", "put-rules", "Store a file with rules of alarms", "", watch.AlarmsScope, ad.PutRules)
	remove("/v1/rules/{name}", "delete-rules", "Delete a file with rules of alarms", watch.AlarmsScope, ad.DeleteRules)
}
