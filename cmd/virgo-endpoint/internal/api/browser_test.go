package api

import (
	"net/http"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// A cookieLogin knows people by a cookie with their name.
type cookieLogin map[string]watch.Role

func (l cookieLogin) Who(r *http.Request) (watch.Actor, error) {
	c, err := r.Cookie("virgo")
	if err != nil || l[c.Value] == "" {
		return watch.Actor{}, watch.ErrNoSession
	}
	return watch.Actor{Kind: "person", Name: c.Value, Remote: "192.0.2.9", Scopes: l[c.Value].Scopes()}, nil
}

// A browser that is logged in changes things for its person, and not for another site.
func TestBrowsers(t *testing.T) {
	s := serveWith(t, cookieLogin{"ann": watch.Admin, "bob": watch.View})
	s.fill()
	const path, tags, form = "/v1/agents/web1/tags", `{"tags":["x"]}`, "application/x-www-form-urlencoded"
	for name, c := range map[string]struct {
		code    int
		headers []string
	}{
		"same site":          {200, []string{"Cookie", "virgo=ann", "Sec-Fetch-Site", "same-origin"}},
		"with basic auth":    {200, []string{"Cookie", "virgo=ann", "Authorization", "Basic YTpi"}},
		"another site":       {403, []string{"Cookie", "virgo=ann", "Sec-Fetch-Site", "cross-site"}},
		"a sister site":      {403, []string{"Cookie", "virgo=ann", "Sec-Fetch-Site", "same-site"}},
		"another origin":     {403, []string{"Cookie", "virgo=ann", "Origin", "https://evil.example"}},
		"a form":             {415, []string{"Cookie", "virgo=ann", "Content-Type", form}},
		"plain text":         {415, []string{"Cookie", "virgo=ann", "Content-Type", "text/plain;charset=application/json"}},
		"a person who reads": {403, []string{"Cookie", "virgo=bob"}},
		"nobody":             {401, nil},
		"an old cookie":      {401, []string{"Cookie", "virgo=eve"}},
		"both":               {400, []string{"Cookie", "virgo=ann", "Authorization", "Bearer " + s.token}},
		"a token":            {403, []string{"Authorization", "Bearer " + s.token}},
	} {
		a := s.send("PUT", path, tags, append([]string{"Content-Type", "application/json", "If-Match", "*"}, c.headers...)...)
		if s.valid("PUT", path, a); a.code != c.code {
			t.Errorf("%s: %d %s", name, a.code, a.body)
		}
	}
	if list := s.records(); len(list) != 2 || list[0].Actor != "ann" || list[0].ActorKind != "person" || list[0].Remote != "192.0.2.9" {
		t.Errorf("%+v", list)
	}
	if a := s.send("GET", "/v1/agents", "", "Cookie", "virgo=bob"); a.code != 200 {
		t.Errorf("reading: %d", a.code)
	}
}

// Where no login is, as on the listener of --api, a cookie is nothing.
func TestCookiesCountOnThePageOnly(t *testing.T) {
	s := serve(t)
	if a := s.send("GET", "/v1/agents", "", "Cookie", "virgo=ann"); a.code != http.StatusUnauthorized {
		t.Errorf("%d", a.code)
	}
}

// A person whose session ends while a stream goes on gets no more of it.
func TestEndedSessionEndsStream(t *testing.T) {
	people := cookieLogin{"ann": watch.View}
	s := serveWith(t, people)
	var many []string
	for range 2*streamCheck + 10 {
		many = append(many, metric("1"))
	}
	s.put("web1", "cpu", many...)
	s.store.onResult = func(n int) {
		if n == streamCheck-1 {
			delete(people, "ann")
		}
	}
	a := s.send("GET", "/v1/results?limit=0", "", "Cookie", "virgo=ann")
	if results, last := lines(t, a); len(results) != streamCheck || last == nil || last.Complete || last.Error != errRevoked.Error() {
		t.Errorf("%d results, %+v", len(results), last)
	}
}

// A proxyLogin is one of a proxy, by which somebody else names people.
type proxyLogin struct{ code int }

func (l proxyLogin) Who(*http.Request) (watch.Actor, error) {
	return watch.Actor{}, &login.RefusedError{Code: l.code, Reason: "only the proxy may send this header"}
}

// Whoever names people and is not the proxy is told so, also with a token: nobody is let in by the other way.
func TestRefusedProxies(t *testing.T) {
	for _, code := range []int{http.StatusBadRequest, http.StatusForbidden} {
		s := serveWith(t, proxyLogin{code})
		for _, headers := range [][]string{nil, {"Authorization", "Bearer " + s.token}} {
			if a := s.send("GET", "/v1/agents", "", headers...); a.code != code || !strings.Contains(string(a.body), "only the proxy") {
				t.Errorf("%v: %d %s", headers, a.code, a.body)
			}
		}
	}
}
