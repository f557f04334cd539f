package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"syscall"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/api"
	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// An apiListener is the listener of the HTTP API.
type apiListener struct {
	listener net.Listener
	secure   bool
}

// listenAPI listens for the API; nil without --api.
func (c *serveCmd) listenAPI(a *app, cert *folder.Certificate) (*apiListener, error) {
	if c.API == "" {
		return nil, nil
	}
	l, secure, err := api.Listen(a.ctx, c.API, cert.TLSConfig())
	if err != nil {
		err = fmt.Errorf("listening on %q for the API: %w", c.API, err)
		if errors.Is(err, syscall.EADDRINUSE) {
			return nil, &failure{exitUnexpected, err, "something listens there already; give another --api"}
		}
		return nil, a.explain(err)
	}
	return &apiListener{l, secure}, nil
}

// close gives the address back where nothing is served.
func (l *apiListener) close() {
	if l != nil {
		l.listener.Close()
	}
}

// url is that of the API; empty without one.
func (l *apiListener) url() string {
	switch {
	case l == nil:
		return ""
	case l.secure:
		return "https://" + l.listener.Addr().String()
	}
	return "http://" + l.listener.Addr().String()
}

// apiOptions are those of the API, at whichever listener. passwords hashes those that it sets.
func (a *app) apiOptions(st *store.Store, watching *watcher, passwords *login.Login, figures func() []api.Figure, log *slog.Logger) api.Options {
	opt := api.Options{Store: st, Figures: figures, Warnings: a.certificateWarnings, Log: log, Now: a.now, Version: release}
	opt.Series, _ = any(st).(intake.SeriesHistory)
	opt.Live, opt.Followers = watching.live, watching.feed.Status
	opt.Charts = &chart.Reader{History: st, Store: st, Changes: watching.control.Alarms().Changes}
	if watching.alarms != nil {
		opt.Charts.Standing = watching.alarms.engine.Of
		opt.Charts.Thresholds = watching.alarms.engine.Thresholds
	}
	changes := a.adminOptions(watching.dir, st, watching.control)
	changes.Hash = passwords.Hash
	if watching.alarms != nil {
		changes.Alarms = ackedAlarms{changes.Alarms, watching.alarms.engine}
		changes.TestNotifier = watching.telling.Test
	}
	if watching.questions != nil { // without page and API this API is not served
		opt.HostInfo, changes.HostInfo = watching.questions.Store(), watching.questions.Store()
	}
	watching.withAlarms(a, &opt)
	opt.Admin = admin.New(changes)
	return opt
}

// serve answers requests until the returned function is called. An error of accepting goes to failed.
func (l *apiListener) serve(opt api.Options, failed chan<- error) (stop func()) {
	srv := api.NewServer(api.New(opt), l.listener)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := srv.Serve(); err != nil {
			failed <- err
		}
	}()
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), apiShutdownTime)
		defer cancel()
		srv.Shutdown(ctx)
		<-ended
	}
}

// figures are those of the server, for /metrics.
func figures(counted *api.Counted, srv *server.Server) func() []api.Figure {
	return func() []api.Figure {
		l := srv.Load()
		list := counted.Figures()
		for _, one := range []struct {
			state string
			n     int
		}{{"waiting", l.Waiting}, {"served", l.Served}, {"idle", l.Idle}, {"refusing", l.Refusing}} {
			list = append(list, api.Figure{Name: "connections", Help: "Open connections of agents.", Label: "state", LabelValue: one.state, Value: float64(one.n)})
		}
		for _, one := range []struct {
			lane string
			n    int
		}{{"fresh", l.Fresh}, {"backlog", l.Backlog}} {
			list = append(list, api.Figure{Name: "queue_arrivals", Help: "Arrivals that wait to be stored.", Label: "lane", LabelValue: one.lane, Value: float64(one.n)})
		}
		return append(list, api.Figure{Name: "queue_bytes", Help: "Bytes of the results that wait to be stored.", Value: float64(l.Bytes)})
	}
}
