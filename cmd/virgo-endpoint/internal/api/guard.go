package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Bounds of what is done at a time.
const (
	// maxRequests bounds the requests at a time, maxOfActor those of one actor.
	maxRequests = 64
	maxOfActor  = 16
	// maxStreams bounds the streams at a time, maxStreamsOfActor those of one actor.
	maxStreams        = 8
	maxStreamsOfActor = 2
	// maxSecretBytes bounds a token; one of this program has 49.
	maxSecretBytes = 256
)

// streamPath is the one path whose requests have a time limit of their own.
const streamPath = "/v1/results"

// A guard decides which requests are answered.
type guard struct {
	api  *API
	all  chan struct{}
	mu   sync.Mutex
	used map[string]*usage // by the actor's kind and name
	open int               // streams
}

// usage is what one actor has at a time.
type usage struct{ requests, streams int }

func newGuard(a *API) *guard {
	return &guard{api: a, all: make(chan struct{}, maxRequests), used: map[string]*usage{}}
}

// An actorKey is the key of a context's value: who asks.
type actorKey struct{}

// actorOf returns who asks. The zero actor, of a request that passed no guard, may do nothing.
func actorOf(ctx context.Context) watch.Actor {
	actor, _ := ctx.Value(actorKey{}).(watch.Actor)
	return actor
}

// serve answers a request of somebody who is known, and the others itself.
func (g *guard) serve(w http.ResponseWriter, r *http.Request, next http.Handler) {
	rec := &recorder{ResponseWriter: w}
	defer func() { g.api.counts.request(rec.code()) }()
	secure(rec.Header(), r.TLS != nil)
	select {
	case g.all <- struct{}{}:
		defer func() { <-g.all }()
	default:
		tooMany(rec)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTime)
	defer cancel()
	actor, ok := g.known(ctx, rec, r)
	if !ok {
		return
	}
	name := actor.Kind + " " + actor.Name
	if !g.enter(name) {
		tooMany(rec)
		return
	}
	defer g.leave(name)
	if allowed := g.methods(r); allowed != "" {
		rec.Header().Set("Allow", allowed)
		rec.Header().Set("Connection", "close") // its body is not read
		problem(rec, http.StatusMethodNotAllowed, "this path has no "+r.Method)
		return
	}
	if r.URL.Path == streamPath {
		ctx = r.Context()
	}
	next.ServeHTTP(rec, r.WithContext(context.WithValue(ctx, actorKey{}, actor)))
}

// secure sets the headers that keep browsers from doing more with an answer than showing it.
func secure(h http.Header, encrypted bool) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	if encrypted {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// secretOf returns the token of a request; empty if it has none that could be one.
func secretOf(r *http.Request) string {
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || len(secret) > maxSecretBytes {
		return ""
	}
	return secret
}

func (g *guard) enter(name string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.used[name]
	if u == nil {
		u = &usage{}
		g.used[name] = u
	}
	if u.requests >= maxOfActor {
		return false
	}
	u.requests++
	return true
}

func (g *guard) leave(name string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.used[name]
	if u.requests--; u.requests == 0 {
		delete(g.used, name)
	}
}

// stream takes a place for a stream; release gives it back.
func (g *guard) stream(r *http.Request) (release func(), ok bool) {
	actor := actorOf(r.Context())
	g.mu.Lock()
	defer g.mu.Unlock()
	u := g.used[actor.Kind+" "+actor.Name]
	if u == nil || g.open >= maxStreams || u.streams >= maxStreamsOfActor {
		return nil, false
	}
	g.open++
	u.streams++
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.open--
		u.streams--
	}, true
}

// streams returns how many there are.
func (g *guard) streams() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func tooMany(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	problem(w, http.StatusTooManyRequests, "too many requests at a time")
}

// problem answers with a problem document (RFC 9457), as huma does.
func problem(w http.ResponseWriter, status int, detail string) {
	data, _ := json.Marshal(huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// A recorder remembers the code of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= http.StatusOK {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}
