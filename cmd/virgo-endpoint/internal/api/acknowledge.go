package api

import (
	"context"
	"net/http"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// An AlarmPath is the parameter that names a standing alarm.
type AlarmPath struct {
	Key string `path:"key" maxLength:"2048" doc:"The alarm's key, as lists of alarms have it."`
}

func (a *API) registerAcknowledge() {
	do := func(method, id, summary string, change func(context.Context, watch.Actor, watch.Key) error) {
		register(a, route{method: method, path: "/v1/alarms/{key}/acknowledge", id: id, summary: summary, tag: changesTag,
			scopes: []watch.Scope{watch.AlarmsScope, watch.SilencesScope}, status: http.StatusNoContent},
			func(ctx context.Context, by watch.Actor, in *AlarmPath) (*struct{}, error) {
				key, err := watch.ParseKey(in.Key)
				if err != nil {
					return nil, watch.ErrNoSuchState
				}
				return nil, change(ctx, by, key)
			})
	}
	do(http.MethodPost, "acknowledge-alarm", "Say that you look after an alarm, until it is OK",
		func(ctx context.Context, by watch.Actor, k watch.Key) error { return a.Admin.Acknowledge(ctx, by, k) })
	do(http.MethodDelete, "take-back-acknowledgement", "Take an acknowledgement back",
		func(ctx context.Context, by watch.Actor, k watch.Key) error { return a.Admin.TakeBack(ctx, by, k) })
}
