package api

import (
	"context"
	"net/http"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A person is one in a document.
type person struct {
	Name     string `json:"name" doc:"The person's name."`
	ETag     string `json:"etag" doc:"For If-Match, in quotes there."`
	Role     string `json:"role" doc:"view, operate or admin."`
	Password bool   `json:"has_password" doc:"Whether the person may log in with one."`
	Created  *int64 `json:"created_ms" doc:"When it was added."`
	Disabled *int64 `json:"disabled_ms" doc:"Since when the person may not log in; null: may."`
}

func personOf(p *watch.Person) person {
	return person{p.Name, admin.PersonETag(p), string(p.Role), p.Password != "", report.MS(p.Created), report.MS(p.Disabled)}
}

type personBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	Person        person `json:"person" doc:"The person."`
}

type peopleBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	People        []person `json:"people" nullable:"false" doc:"By name."`
}

// A PersonPath is the parameter that names a person, with the conditions of a change.
type PersonPath struct {
	Name string `path:"name" maxLength:"64" doc:"The person's name."`
	Conditions
}

func (a *API) registerPeople() {
	scopes := []watch.Scope{watch.PeopleScope}
	answer := func(p watch.Person, err error) (*tagged[personBody], error) {
		return &tagged[personBody]{quoted(admin.PersonETag(&p)), personBody{schemaVersion, personOf(&p)}}, err
	}
	register(a, route{method: http.MethodGet, path: "/v1/people", id: "list-people", summary: "List who may log in to the page", tag: changesTag, scopes: scopes},
		func(ctx context.Context, by watch.Actor, _ *struct{}) (*body[peopleBody], error) {
			all, err := a.Admin.Persons(ctx, by)
			out := &body[peopleBody]{peopleBody{schemaVersion, []person{}}}
			for i := range all {
				out.Body.People = append(out.Body.People, personOf(&all[i]))
			}
			return out, err
		})
	register(a, route{method: http.MethodPost, path: "/v1/people", id: "add-person", summary: "Add somebody who may log in to the page", tag: changesTag, scopes: scopes, status: http.StatusCreated},
		func(ctx context.Context, by watch.Actor, in *struct {
			Body struct {
				Name     string `json:"name" maxLength:"64" doc:"The person's name."`
				Role     string `json:"role" enum:"view,operate,admin" doc:"What the person may do, at most what the actor may."`
				Password string `json:"password,omitempty" maxLength:"1024" doc:"Without one, only by a reverse proxy."`
			}
		}) (*tagged[personBody], error) {
			return answer(a.Admin.AddPerson(ctx, by, in.Body.Name, watch.Role(in.Body.Role), in.Body.Password))
		})
	register(a, route{method: http.MethodPut, path: "/v1/people/{name}", id: "put-person", summary: "Change what a person may do", tag: changesTag, scopes: scopes, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			PersonPath
			Body struct {
				Role     string `json:"role" enum:"view,operate,admin" doc:"What the person may do, at most what the actor may."`
				Disabled bool   `json:"disabled,omitempty" doc:"Whether the person may not log in."`
			}
		}) (*tagged[personBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			return answer(a.Admin.PutPerson(ctx, by, in.Name, watch.Role(in.Body.Role), in.Body.Disabled, m))
		})
	register(a, route{method: http.MethodPut, path: "/v1/people/{name}/password", id: "set-password", summary: "Set a person's password; all sessions of the person end", tag: changesTag, scopes: scopes, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			PersonPath
			Body struct {
				Password string `json:"password" minLength:"1" maxLength:"1024" doc:"The new one."`
			}
		}) (*tagged[personBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			return answer(a.Admin.SetPassword(ctx, by, in.Name, in.Body.Password, m))
		})
	register(a, route{method: http.MethodDelete, path: "/v1/people/{name}", id: "remove-person", summary: "Remove a person; all sessions of the person end", tag: changesTag, scopes: scopes, conditional: true, status: http.StatusNoContent},
		func(ctx context.Context, by watch.Actor, in *PersonPath) (*struct{}, error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			return nil, a.Admin.RemovePerson(ctx, by, in.Name, m)
		})
}
