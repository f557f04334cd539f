package api

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// scopesKey is the name of an operation's metadata: the scopes one of which it needs.
const scopesKey = "scopes"

// errBoth is returned for a request with a token from a browser that is logged in: whose it is would depend on the
// order in which they are looked at.
var errBoth = errors.New("a request has a token or comes from a browser that is logged in, not both")

// who returns who asks. Errors: intake.ErrBadToken, watch.ErrNoSession, errBoth.
func (g *guard) who(ctx context.Context, r *http.Request) (watch.Actor, error) {
	secret := secretOf(r)
	if g.api.Login != nil {
		actor, err := g.api.Login.Who(r)
		switch {
		case err == nil && secret != "":
			return watch.Actor{}, errBoth
		case secret == "", err != nil && !errors.Is(err, watch.ErrNoSession):
			return actor, err
		}
	}
	token, err := g.api.Store.Bearer(ctx, secret, g.api.Now())
	if err != nil {
		return watch.Actor{}, err
	}
	actor := watch.Actor{Kind: watch.TokenActor, Name: token.ID, Remote: remoteOf(r), Scopes: []watch.Scope{watch.ReadScope}}
	if token.Kinds == intake.Admin {
		actor.Scopes = nil
		for _, name := range token.Scopes {
			// A scope of a later version is none here.
			if scope, err := watch.ParseScope(name); err == nil {
				actor.Scopes = append(actor.Scopes, scope)
			}
		}
	}
	return actor, nil
}

// remoteOf returns the address that a request came from.
func remoteOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// known returns who asks, or answers why that is nobody.
func (g *guard) known(ctx context.Context, w http.ResponseWriter, r *http.Request) (watch.Actor, bool) {
	// A page of another site makes a visitor's browser send what the visitor did not ask for.
	if err := new(http.CrossOriginProtection).Check(r); err != nil {
		w.Header().Set("Connection", "close")
		problem(w, http.StatusForbidden, "the request comes from another site")
		return watch.Actor{}, false
	}
	actor, err := g.who(ctx, r)
	var refused *login.RefusedError
	switch {
	case err == nil:
		return actor, g.plainBody(w, r, &actor)
	case errors.Is(err, intake.ErrBadToken), errors.Is(err, watch.ErrNoSession):
		w.Header().Set("WWW-Authenticate", `Bearer realm="virgo-endpoint"`)
		w.Header().Set("Connection", "close") // a stranger has no connection to keep
		problem(w, http.StatusUnauthorized, "a token of kind read or admin is needed: Authorization: Bearer TOKEN")
	case errors.As(err, &refused):
		w.Header().Set("Connection", "close")
		problem(w, refused.Code, refused.Reason)
	case errors.Is(err, errBoth):
		problem(w, http.StatusBadRequest, err.Error())
	default:
		g.api.Log.Error("who asks the API could not be looked up", "error", err)
		problem(w, http.StatusInternalServerError, "the store cannot be read; the endpoint's log says why")
	}
	return watch.Actor{}, false
}

// plainBody refuses a body of a type that the form of another site could send, from a browser that is logged in.
func (g *guard) plainBody(w http.ResponseWriter, r *http.Request, actor *watch.Actor) bool {
	if actor.Kind == watch.TokenActor || r.Method == http.MethodGet || r.Method == http.MethodHead || r.ContentLength == 0 {
		return true
	}
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err == nil && (media == "application/json" || media == yamlType) {
		return true
	}
	w.Header().Set("Connection", "close")
	problem(w, http.StatusUnsupportedMediaType, "the body is application/json or "+yamlType)
	return false
}

// methods returns the methods of a path that has others than the request's, else "".
func (g *guard) methods(r *http.Request) string {
	if _, pattern := g.api.mux.Handler(r); pattern != "/" {
		return ""
	}
	var list []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := *r
		other.Method = method
		if _, pattern := g.api.mux.Handler(&other); pattern != "/" {
			list = append(list, method)
		}
	}
	return strings.Join(list, ", ")
}

// allow answers requests of actors that lack the scopes of the operation.
func (a *API) allow(hc huma.Context, next func(huma.Context)) {
	need, _ := hc.Operation().Metadata[scopesKey].([]watch.Scope)
	actor := actorOf(hc.Context())
	if !actor.May(need...) {
		_, w := humago.Unwrap(hc)
		w.Header().Set("Connection", "close") // its body is not read
		problem(w, http.StatusForbidden, fmt.Sprintf("this needs the scope %s", strings.Join(watch.ScopeNames(need), " or ")))
		return
	}
	next(hc)
}
