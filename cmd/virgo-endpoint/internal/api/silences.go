package api

import (
	"context"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// SilenceFields are what a person says about a silence.
type SilenceFields struct {
	Kind         string   `json:"kind" enum:"silence,quiet,maintenance" doc:"silence: once. quiet, maintenance: recurring."`
	Hosts        []string `json:"hosts,omitempty" maxItems:"64" doc:"Ids of agents, or patterns (db-*). Without hosts and tags: all."`
	Tags         []string `json:"tags,omitempty" maxItems:"64" doc:"Agents with one of these tags."`
	Rules        []string `json:"rules,omitempty" maxItems:"64" doc:"Ids of rules, or patterns; without any: all."`
	From         *int64   `json:"from_ms,omitempty" doc:"When it begins; null: now."`
	Until        *int64   `json:"until_ms,omitempty" doc:"When it ends; a recurring one may have none."`
	Days         int      `json:"days,omitempty" minimum:"0" maximum:"127" doc:"Of a recurring one: bits of days, 1 is Monday, 64 Sunday."`
	Start        int      `json:"start_minute,omitempty" minimum:"0" maximum:"1439" doc:"Minutes after midnight."`
	LengthMS     int64    `json:"length_ms,omitempty" minimum:"0" doc:"How long it lasts."`
	Zone         string   `json:"zone,omitempty" maxLength:"64" doc:"The time zone of the start, for example Europe/Berlin."`
	PassCritical bool     `json:"pass_critical,omitempty" doc:"Let critical alarms through."`
	Reason       string   `json:"reason,omitempty" maxLength:"400" doc:"Why, in a line."`
}

func (f *SilenceFields) silence() watch.Silence {
	s := watch.Silence{Kind: watch.SilenceKind(f.Kind), Hosts: f.Hosts, Tags: f.Tags, Rules: f.Rules, Days: uint8(f.Days), Start: f.Start,
		Length: time.Duration(f.LengthMS) * time.Millisecond, Zone: f.Zone, PassCritical: f.PassCritical, Reason: f.Reason}
	if f.From != nil {
		s.From = time.UnixMilli(*f.From)
	}
	if f.Until != nil {
		s.Until = time.UnixMilli(*f.Until)
	}
	return s
}

// A silence is one in a document.
type silence struct {
	ID   int64  `json:"id" doc:"Its number."`
	ETag string `json:"etag" doc:"For If-Match, in quotes there."`
	SilenceFields
	By      string `json:"by" doc:"Who made it."`
	Created *int64 `json:"created_ms" doc:"When."`
	Ended   *int64 `json:"ended_ms" doc:"When somebody ended it, or it was over; null while it counts."`
}

func silenceOf(s *watch.Silence) silence {
	return silence{s.ID, admin.SilenceETag(s), SilenceFields{string(s.Kind), s.Hosts, s.Tags, s.Rules, report.MS(s.From), report.MS(s.Until),
		int(s.Days), s.Start, s.Length.Milliseconds(), s.Zone, s.PassCritical, s.Reason}, s.By, report.MS(s.Created), report.MS(s.Ended)}
}

type silenceBody struct {
	SchemaVersion int     `json:"schema_version" doc:"1"`
	Silence       silence `json:"silence" doc:"The silence."`
}

type silencesBody struct {
	SchemaVersion int       `json:"schema_version" doc:"1"`
	Silences      []silence `json:"silences" nullable:"false" doc:"Oldest first."`
}

// A SilencePath is the parameter that names a silence.
type SilencePath struct {
	ID int64 `path:"id" minimum:"1" doc:"The silence's number."`
}

type silencesInput struct {
	Ended bool `query:"ended" doc:"Those of the last 90 days that ended, too."`
}

type silenceInput struct {
	SilencePath
	Conditions
	Body SilenceFields
}

func (a *API) registerSilences() {
	reads, changes := []watch.Scope{watch.SilencesScope, watch.ReadScope}, []watch.Scope{watch.SilencesScope}
	answer := func(s watch.Silence, err error) (*tagged[silenceBody], error) {
		return &tagged[silenceBody]{quoted(admin.SilenceETag(&s)), silenceBody{schemaVersion, silenceOf(&s)}}, err
	}
	register(a, route{method: http.MethodGet, path: "/v1/silences", id: "list-silences", summary: "List the silences", tag: changesTag, scopes: reads},
		func(ctx context.Context, by watch.Actor, in *silencesInput) (*body[silencesBody], error) {
			all, err := a.Admin.AllSilences(ctx, by, in.Ended)
			out := &body[silencesBody]{silencesBody{schemaVersion, []silence{}}}
			for i := range all {
				out.Body.Silences = append(out.Body.Silences, silenceOf(&all[i]))
			}
			return out, err
		})
	register(a, route{method: http.MethodPost, path: "/v1/silences", id: "add-silence", summary: "Hold notifications back for a time", tag: changesTag, scopes: changes, status: http.StatusCreated},
		func(ctx context.Context, by watch.Actor, in *struct{ Body SilenceFields }) (*tagged[silenceBody], error) {
			return answer(a.Admin.AddSilence(ctx, by, in.Body.silence()))
		})
	register(a, route{method: http.MethodGet, path: "/v1/silences/{id}", id: "get-silence", summary: "One silence", tag: changesTag, scopes: reads},
		func(ctx context.Context, by watch.Actor, in *SilencePath) (*tagged[silenceBody], error) {
			return answer(a.Admin.Silence(ctx, by, in.ID))
		})
	register(a, route{method: http.MethodPut, path: "/v1/silences/{id}", id: "put-silence", summary: "Change a silence", tag: changesTag, scopes: changes, conditional: true},
		func(ctx context.Context, by watch.Actor, in *silenceInput) (*tagged[silenceBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			s := in.Body.silence()
			s.ID = in.ID
			return answer(a.Admin.PutSilence(ctx, by, s, m))
		})
	register(a, route{method: http.MethodDelete, path: "/v1/silences/{id}", id: "end-silence", summary: "End a silence now", tag: changesTag, scopes: changes, conditional: true},
		func(ctx context.Context, by watch.Actor, in *struct {
			SilencePath
			Conditions
		}) (*tagged[silenceBody], error) {
			m, err := in.match()
			if err != nil {
				return nil, err
			}
			return answer(a.Admin.EndSilence(ctx, by, in.ID, m))
		})
}
