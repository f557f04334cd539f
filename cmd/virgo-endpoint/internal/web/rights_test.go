package web

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// Strangers see no page but those that are for everybody, and nobody sees what takes another right.
func TestEveryPageAsksWhoItIs(t *testing.T) {
	options := func(l Login) Options {
		hosts := fleet(1)
		return Options{Login: l, Hosts: hosts, Alarms: alarmsOf(hosts)}
	}
	send := func(s *Site, v *view) int {
		method, path, _ := strings.Cut(v.pattern, " ")
		path = strings.NewReplacer("{$}", "", "{id}", "web1", "{name}", "x", "{code}", "x", "{tag...}", "x").Replace(path)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		return w.Code
	}
	var public []string
	s := newSite(t, options(nobody()))
	for _, v := range s.views() {
		if v.public {
			public = append(public, v.pattern)
			continue
		}
		want := http.StatusSeeOther
		if strings.HasPrefix(v.pattern, "POST ") {
			want = http.StatusUnauthorized
		}
		if code := send(s, &v); code != want {
			t.Errorf("%s answers strangers with %d, want %d", v.pattern, code, want)
		}
	}
	for _, pattern := range public {
		if !slices.Contains([]string{"GET /login", "POST /login", "POST /logout", "GET /code/{code}", "POST /code/{code}", "GET /status/{tag...}",
			"GET /badge/{tag...}"}, pattern) {
			t.Errorf("%s is for everybody", pattern)
		}
	}
	s = newSite(t, options(somebody(watch.View)))
	for _, v := range s.views() {
		if v.scope == "" || v.scope == watch.ReadScope {
			continue
		}
		if code := send(s, &v); code != http.StatusForbidden {
			t.Errorf("%s answers somebody without the right %s with %d", v.pattern, v.scope, code)
		}
	}
}
