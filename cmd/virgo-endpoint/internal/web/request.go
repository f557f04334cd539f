package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Cookies that a browser's own choices are kept in. A script writes them, so they decide nothing but looks.
const (
	themeCookie = "virgo-theme" // dark or light
	zoneCookie  = "virgo-zone"  // an IANA name
	maxZone     = 64
)

// A request is one request of a browser for a view.
type request struct {
	*http.Request
	site *Site
	w    http.ResponseWriter
	// actor is who asks; zero for a public view.
	actor watch.Actor
	// theme is dark, light, or empty for what the system has.
	theme string
	// zone is the one that times are shown in.
	zone *time.Location
	// now is when the request came.
	now time.Time
}

func newRequest(s *Site, w http.ResponseWriter, r *http.Request) *request {
	q := &request{Request: r, site: s, w: w, zone: time.Local, now: s.Now()}
	if c, err := r.Cookie(themeCookie); err == nil && (c.Value == "dark" || c.Value == "light") {
		q.theme = c.Value
	}
	if c, err := r.Cookie(zoneCookie); err == nil && len(c.Value) <= maxZone {
		if name, err := url.QueryUnescape(c.Value); err == nil && name != "" && name != "Local" {
			if zone, err := time.LoadLocation(name); err == nil {
				q.zone = zone
			}
		}
	}
	return q
}

// authenticate finds out who asks.
func (q *request) authenticate() error {
	actor, err := q.site.Login.Who(q.Request)
	if err != nil {
		return err
	}
	q.actor = actor
	return q.allow(watch.ReadScope)
}

// allow returns an error, which is an answer, for an actor who may not.
func (q *request) allow(scope watch.Scope) error {
	if q.may(scope) {
		return nil
	}
	return &answer{code: http.StatusForbidden, title: "Not allowed", text: "Your account may not do this. It takes the right " + string(scope) + "."}
}

func (q *request) may(scope watch.Scope) bool { return slices.Contains(q.actor.Scopes, scope) }

// An answer is an error that is shown to the person as it is.
type answer struct {
	code        int
	title, text string
}

func (a *answer) Error() string { return a.title + ": " + a.text }

func notFound(text string) error {
	return &answer{code: http.StatusNotFound, title: "Not found", text: text}
}

// fail answers a request that no view could.
func (q *request) fail(err error) {
	var a *answer
	var refused *login.RefusedError
	switch {
	case errors.As(err, &a):
	case errors.Is(err, watch.ErrNoSession) && q.Method == http.MethodGet:
		to := "/login"
		if at := q.URL.RequestURI(); at != "/" {
			to += "?next=" + url.QueryEscape(at)
		}
		http.Redirect(q.w, q.Request, to, http.StatusSeeOther)
		return
	case errors.Is(err, watch.ErrNoSession):
		a = &answer{http.StatusUnauthorized, "Not logged in", "Log in again, then repeat it."}
	case errors.As(err, &refused):
		a = &answer{refused.Code, "The proxy's word is not taken", sentence(refused)}
	case q.Context().Err() != nil || errors.Is(err, context.DeadlineExceeded):
		a = &answer{http.StatusServiceUnavailable, "It took too long", "The endpoint has much to do. Reload the page in a moment."}
	default:
		q.site.Log.Error("a page could not be shown", "path", q.URL.Path, "error", err)
		a = &answer{http.StatusInternalServerError, "This page cannot be shown", "The endpoint's log says why. Agents go on delivering."}
	}
	if err := q.renderCode(a.code, "error", a.title, a); err != nil {
		q.site.Log.Error("the page of an error could not be shown", "error", err)
		http.Error(q.w, a.title+": "+a.text, a.code)
	}
}

// Text is for the template of errors.
func (a *answer) Text() string { return a.text }

// Code is for the template of errors.
func (a *answer) Code() int { return a.code }
