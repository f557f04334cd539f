package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/admin"
	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/report"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// schemaVersion is in every answer; it grows when a field's meaning changes, not when a field is added.
const schemaVersion = 1

// Bounds of a request.
const (
	// requestTime bounds a request that is no stream.
	requestTime = 15 * time.Second
	// agentsFor is how long a list of agents is used for further requests: judging all of a large fleet
	// takes a part of a second.
	agentsFor = 2 * time.Second
	// agentsForgotten is how long it stays in memory after that: a kilobyte for each agent.
	agentsForgotten = time.Minute
)

// A Store is what the API reads.
type Store interface {
	intake.History
	// Bearer is that of intake.Keys.
	Bearer(ctx context.Context, secret string, now time.Time) (intake.Token, error)
}

// A Login knows people by their browser.
type Login interface {
	// Who returns who asks. Error: watch.ErrNoSession.
	Who(r *http.Request) (watch.Actor, error)
}

// Options are what an API works with. Series, Charts, Live, Followers, Figures, Warnings, Log and Now may be nil.
type Options struct {
	Store Store
	// Series has the history of metrics; without it there is none.
	Series intake.SeriesHistory
	// Charts makes plots of the history; without it there are none.
	Charts *chart.Reader
	// Admin makes changes; nil where there are none.
	Admin *admin.Admin
	// Alarms are how alarms stand, Trial says when rules would have raised some; nil where none are judged.
	Alarms Alarms
	Trial  Trial
	// Notifiers returns who can be told of alarms, and Outputs where results are passed on to; nil: nobody, nowhere.
	Notifiers func(ctx context.Context) ([]Receiver, error)
	Outputs   func(ctx context.Context) ([]Output, error)
	// HostInfo has what hosts are asked and answered; nil where nothing is.
	HostInfo watch.HostInfo
	// Login says whose browser a request is from. Without it only tokens count.
	Login Login
	// Live has the latest values of all hosts; nil where nobody keeps them.
	Live Live
	// Followers says how those do who follow new results; nil if nobody does.
	Followers func() []feed.Status
	// Figures are those of the endpoint beside the store's, for /metrics.
	Figures func() []Figure
	// Warnings are what the endpoint's owner has to see to, such as a certificate that ends soon.
	Warnings func() []string
	Log      *slog.Logger
	Now      func() time.Time
	// Version is that of the program.
	Version string
}

// An API answers requests.
type API struct {
	Options
	agents agentsCache
	counts counts
	guard  *guard
	small  compressor
	// scrapes are the documents of all hosts' figures that are made at a time.
	scrapes chan struct{}
	mux     *http.ServeMux
	huma    huma.API
}

// New returns the API of a store.
func New(opt Options) *API {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	a := &API{Options: opt, mux: http.NewServeMux(), scrapes: make(chan struct{}, maxScrapes)}
	a.guard = newGuard(a)
	a.huma = humago.New(a.mux, config(opt.Version))
	a.huma.UseMiddleware(a.allow)
	a.registerAgents()
	a.registerResults()
	a.registerSeries()
	a.registerPlots()
	a.registerSelf()
	a.registerHostFigures()
	a.registerFiles()
	a.registerSilences()
	a.registerAcknowledge()
	a.registerAgentChanges()
	a.registerHostInfo()
	a.registerTokens()
	a.registerPeople()
	a.registerAudit()
	a.registerAlarms()
	a.registerReceivers()
	allowUnknownFields(a.huma.OpenAPI())
	return a
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.guard.serve(w, r, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { a.small.serve(w, r, a.mux) }))
}

// get registers an operation, which is a GET.
func get[In, Out any](a *API, path, id, summary, tag string, do func(context.Context, *In) (*Out, error)) {
	huma.Register(a.huma, operation(path, id, summary, tag), do)
}

func operation(path, id, summary, tag string) huma.Operation {
	failures := []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable}
	if strings.Contains(path, "{") {
		failures = append(failures, http.StatusNotFound)
	}
	return huma.Operation{Method: http.MethodGet, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		Metadata: map[string]any{scopesKey: []watch.Scope{watch.ReadScope}},
		Security: []map[string][]string{{tokenScheme: {}}}, Errors: failures}
}

// failed is the answer to a request that the store could not answer. The log says why.
func (a *API) failed(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, intake.ErrNoAgent):
		return huma.Error404NotFound("no such agent")
	case errors.Is(err, intake.ErrNoSeries):
		return huma.Error404NotFound("no such metric of this agent")
	case errors.Is(err, intake.ErrHistoryBehind):
		return huma.Error503ServiceUnavailable(intake.ErrHistoryBehind.Error())
	case errors.Is(err, report.ErrLatestTooLarge):
		return huma.Error503ServiceUnavailable(err.Error())
	case ctx.Err() != nil:
		return huma.Error503ServiceUnavailable("it took too long")
	}
	a.Log.Error("a request of the API failed", "error", err)
	return huma.Error500InternalServerError("the store cannot be read; the endpoint's log says why")
}

func noSuchAgent() error { return huma.Error404NotFound("no such agent") }

// find returns an agent. The error is an answer.
func (a *API) find(ctx context.Context, id string) (*report.Agent, error) {
	agent, err := report.FindAgent(ctx, a.Store, id, a.Now())
	switch {
	case errors.Is(err, intake.ErrNoSuchAgent):
		return nil, noSuchAgent()
	case err != nil:
		return nil, a.failed(ctx, err)
	}
	return &agent, nil
}
