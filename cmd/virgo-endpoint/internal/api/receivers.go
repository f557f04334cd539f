package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A Receiver is a notifier of notify.yaml, without where it goes to.
type Receiver struct {
	watch.NotifierState
	// Kind is mail, webhook, chat or command; empty for one that notify.yaml has no more.
	Kind string
	// Fault is the mistake in notify.yaml because of which it cannot send.
	Fault string
}

// A notifier is one in a document.
type notifier struct {
	Name    string `json:"name" doc:"Its name in notify.yaml."`
	Kind    string `json:"kind" doc:"mail, webhook, chat or command; empty for one that notify.yaml has no more."`
	Fault   string `json:"fault" doc:"The mistake in notify.yaml because of which it cannot send; empty if there is none."`
	LastOK  *int64 `json:"last_ok_ms" doc:"When a message was taken over last; null: never."`
	Failing *int64 `json:"failing_since_ms" doc:"Since when it fails; null: it does not."`
	Error   string `json:"error" doc:"Why the last attempt failed."`
	Waiting int    `json:"waiting" doc:"Messages that wait."`
}

type notifiersBody struct {
	SchemaVersion int        `json:"schema_version" doc:"1"`
	Notifiers     []notifier `json:"notifiers" nullable:"false" doc:"As in notify.yaml."`
}

type sentBody struct {
	SchemaVersion int    `json:"schema_version" doc:"1"`
	Notifier      string `json:"notifier" doc:"Its name."`
	Sent          bool   `json:"sent" doc:"Whether the message was taken over."`
	Error         string `json:"error,omitempty" doc:"Why not."`
}

// An Output is one of outputs.yaml, without where it goes to.
type Output struct {
	watch.Cursor
	// Kind is remote_write, otlp, influx, json or json_command; empty for one that outputs.yaml has no more.
	Kind string
	// Behind is how many results wait.
	Behind int64
}

// An output is one in a document.
type output struct {
	Name    string `json:"name" doc:"Its name in outputs.yaml."`
	Kind    string `json:"kind" doc:"remote_write, otlp, influx, json or json_command; empty for one that outputs.yaml has no more."`
	Seq     int64  `json:"seq" doc:"The number of the last result that was passed on, as results have it; 0: none was."`
	Behind  int64  `json:"behind" doc:"Results that wait."`
	Sent    int64  `json:"sent" doc:"Results that were passed on."`
	Refused int64  `json:"refused" doc:"Results that it refuses for ever."`
	Lost    int64  `json:"lost" doc:"Results that were deleted before they were passed on."`
	Error   string `json:"error" doc:"Why results wait, or why some of the last ones were left out; empty if all is well."`
	At      *int64 `json:"at_ms" doc:"When it was last passed something."`
}

type outputsBody struct {
	SchemaVersion int      `json:"schema_version" doc:"1"`
	Outputs       []output `json:"outputs" nullable:"false" doc:"By name."`
}

func (a *API) registerReceivers() {
	scopes := []watch.Scope{watch.NotifiersScope}
	register(a, route{method: http.MethodGet, path: "/v1/notifiers", id: "list-notifiers", summary: "Who can be told of alarms, without addresses", tag: alarmsTag, scopes: scopes},
		func(ctx context.Context, _ watch.Actor, _ *struct{}) (*body[notifiersBody], error) {
			out := &body[notifiersBody]{notifiersBody{schemaVersion, []notifier{}}}
			if a.Notifiers == nil {
				return out, nil
			}
			list, err := a.Notifiers(ctx)
			for _, r := range list {
				out.Body.Notifiers = append(out.Body.Notifiers, notifier{r.Name, r.Kind, r.Fault, report.MS(r.LastOK), report.MS(r.FailingSince), r.Err, r.Waiting})
			}
			return out, err
		})
	register(a, route{method: http.MethodPost, path: "/v1/notifiers/{name}/test", id: "test-notifier", summary: "Send a test message by a notifier", tag: alarmsTag, scopes: scopes},
		func(ctx context.Context, by watch.Actor, in *struct {
			Name string `path:"name" maxLength:"128" doc:"Its name in notify.yaml."`
		}) (*body[sentBody], error) {
			known := false
			if a.Notifiers != nil {
				list, err := a.Notifiers(ctx)
				if err != nil {
					return nil, err
				}
				for _, r := range list {
					known = known || r.Name == in.Name && r.Kind != ""
				}
			}
			if !known {
				return nil, huma.Error404NotFound("notify.yaml has no such notifier")
			}
			out := &body[sentBody]{sentBody{schemaVersion, in.Name, true, ""}}
			err := a.Admin.TestNotifier(ctx, by, in.Name)
			if notSent := (*admin.NotSent)(nil); errors.As(err, &notSent) {
				out.Body.Sent, out.Body.Error, err = false, notSent.Error(), nil
			}
			return out, err
		})
	register(a, route{method: http.MethodGet, path: "/v1/outputs", id: "list-outputs", summary: "Where results are passed on to", tag: selfTag,
		scopes: []watch.Scope{watch.OutputsScope, watch.ReadScope}},
		func(ctx context.Context, _ watch.Actor, _ *struct{}) (*body[outputsBody], error) {
			out := &body[outputsBody]{outputsBody{schemaVersion, []output{}}}
			if a.Outputs == nil {
				return out, nil
			}
			list, err := a.Outputs(ctx)
			for _, o := range list {
				out.Body.Outputs = append(out.Body.Outputs, output{o.Name, o.Kind, max(0, o.Seq), o.Behind, o.Sent, o.Refused, o.Lost, o.Err, report.MS(o.At)})
			}
			return out, err
		})
}
