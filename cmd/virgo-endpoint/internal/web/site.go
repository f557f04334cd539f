package web

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"virgo/cmd/virgo-endpoint/internal/chart"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Bounds of requests.
const (
	// viewTime bounds a request that is no stream.
	viewTime = 15 * time.Second
	// maxViews bounds the requests at a time, beside assets and streams; maxPublicViews those for what everybody may see, such
	// as the login: whoever sends them slowly takes no place from people who are logged in.
	maxViews       = 64
	maxPublicViews = 32
)

// A Login says who asks; a login.Login is one.
type Login interface {
	// Who returns who a request is from. Error: watch.ErrNoSession if nobody is logged in.
	Who(r *http.Request) (watch.Actor, error)
	// Passwords is false where a proxy logs people in.
	Passwords() bool
	Begin(w http.ResponseWriter, r *http.Request, name, password string) error
	End(w http.ResponseWriter, r *http.Request, all bool) error
	ChangePassword(w http.ResponseWriter, r *http.Request, present, password string) error
	CheckFirst(ctx context.Context, code string) error
	BeginFirst(w http.ResponseWriter, r *http.Request, code, name, password string) error
}

// Options are what a site works with. Log and Now may be nil.
type Options struct {
	Login Login
	// Hosts are the hosts' rows.
	Hosts Hosts
	// Alarms are those of all hosts; nil where none are judged.
	Alarms Alarms
	// Charts makes the plots of hosts; nil without a history.
	Charts *chart.Reader
	// Setup is what a new host needs to know; nil if nobody adds hosts here.
	Setup func() Setup
	// PublicTags returns the tags whose hosts everybody may see the state of; nil if there are never any.
	PublicTags func(ctx context.Context) ([]string, error)
	// API answers /v1, /metrics and what else is not a page; nil without one.
	API http.Handler
	Log *slog.Logger
	Now func() time.Time
	// Version is that of the program.
	Version string
}

// A Site answers requests of browsers. It is safe for concurrent use.
type Site struct {
	Options
	assets    *assets
	templates templates
	places    chan struct{}
	public    chan struct{} // places of public views
	streams   streams
	small     compressor
	shown     statusCache
	handler   http.Handler
}

// New returns a site. An error is a mistake of this program: a template that cannot be parsed.
func New(opt Options) (*Site, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	s := &Site{Options: opt, places: make(chan struct{}, maxViews), public: make(chan struct{}, maxPublicViews), streams: streams{stopped: make(chan struct{})}}
	var err error
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("loading the assets of the page: %w", err)
	}
	if s.templates, err = parseTemplates(s.assets); err != nil {
		return nil, fmt.Errorf("parsing the templates of the page: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /a/{hash}/{name}", s.assets.serve)
	for _, v := range s.views() {
		mux.HandleFunc(v.pattern, func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, v) })
	}
	if opt.API != nil {
		for _, pattern := range []string{"/v1/", "/metrics", "/metrics/"} {
			mux.Handle(pattern, opt.API)
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.serve(w, r, missing) })
	s.handler = http.NewCrossOriginProtection().Handler(mux)
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header(), r.TLS != nil)
	s.handler.ServeHTTP(w, r)
}

// serve answers with a view.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, v view) {
	if !v.stream { // streams have bounds of their own
		places := s.places
		if v.public {
			places = s.public
		}
		select {
		case places <- struct{}{}:
			defer func() { <-places }()
		default:
			w.Header().Set("Retry-After", "1")
			http.Error(w, "too many requests at a time", http.StatusTooManyRequests)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), viewTime)
		defer cancel()
		r = r.WithContext(ctx)
	}
	q := newRequest(s, w, r)
	if !v.public {
		if err := q.authenticate(); err != nil {
			q.fail(err)
			return
		}
		if v.scope != "" {
			if err := q.allow(v.scope); err != nil {
				q.fail(err)
				return
			}
		}
	}
	if err := v.serve(s, q); err != nil {
		q.fail(err)
	}
}
