package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/login"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

// A browser is one of a person: it has cookies.
type browser struct {
	t    *testing.T
	site *Site
	jar  map[string]string
}

// send posts a form, or gets a page where there is none, and returns the answer with its text.
func (b *browser) send(path string, form url.Values, header ...string) (*http.Response, string) {
	b.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "https://virgo.example"+path, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, "https://virgo.example"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	for name, value := range b.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	w := httptest.NewRecorder()
	b.site.ServeHTTP(w, r)
	res := w.Result()
	for _, c := range res.Cookies() {
		if delete(b.jar, c.Name); c.MaxAge >= 0 {
			b.jar[c.Name] = c.Value
		}
	}
	return res, body(b.t, res)
}

// want expects a code, and where it leads to if that is not "".
func (b *browser) want(code int, to, path string, form url.Values, header ...string) string {
	b.t.Helper()
	res, text := b.send(path, form, header...)
	if res.StatusCode != code || to != "" && res.Header.Get("Location") != to {
		b.t.Errorf("%s: %d to %q, want %d to %q\n%.300s", path, res.StatusCode, res.Header.Get("Location"), code, to, text)
	}
	return text
}

func TestAccount(t *testing.T) {
	store := &watchtest.Memory{}
	hash, err := login.Hash("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.People().Put(t.Context(), watch.Person{Name: "ann", Role: watch.View, Password: hash}); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, Options{Login: login.New(login.Options{People: store.People(), Audit: store.Audit(), Secure: true}), Hosts: fleet(1)})
	open := func() *browser { return &browser{t, s, map[string]string{}} }
	one, two, stranger := open(), open(), open()
	in := url.Values{"name": {"ann"}, "password": {"correct horse"}, "next": {"/account"}}
	one.want(303, "/account", "/login", in)
	two.want(303, "/account", "/login", in)

	// Strangers and other sites change nothing, whatever they know.
	change := url.Values{"present": {"correct horse"}, "password": {"a longer horse"}}
	stranger.want(303, "/login?next=%2Faccount", "/account", nil)
	stranger.want(401, "", "/account", change)
	stranger.want(401, "", "/account/logout", url.Values{})
	for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"}} {
		for _, path := range []string{"/account", "/account/logout", "/logout", "/login"} {
			one.want(403, "", path, change, header...)
		}
	}
	if text := one.want(401, "", "/account", url.Values{"present": {"wrong horse"}, "password": {"a longer horse"}}); !strings.Contains(text, "not your present password") {
		t.Error("it does not say what was wrong")
	}
	one.want(422, "", "/account", url.Values{"present": {"correct horse"}, "password": {"short"}})
	if text := two.want(200, "", "/account", nil); !strings.Contains(text, "change nothing") {
		t.Error("it does not say what ann may do")
	}
	one.want(303, "/account?done", "/account", change)
	one.want(200, "", "/account?done", nil)
	two.want(303, "/login?next=%2Faccount", "/account", nil)
	two.want(401, "", "/login", in)
	in.Set("password", "a longer horse")
	two.want(303, "/account", "/login", in)
	one.want(303, "/login", "/account/logout", url.Values{})
	two.want(303, "/login", "/", nil)
}

// Where a proxy logs people in, there is no password to change.
func TestAccountOfAProxy(t *testing.T) {
	store := &watchtest.Memory{}
	proxy, err := login.NewProxy("X-Remote-User", []string{"192.0.2.0/24"}, "view")
	if err != nil {
		t.Fatal(err)
	}
	s := newSite(t, Options{Login: login.New(login.Options{People: store.People(), Proxy: proxy, Secure: true}), Hosts: fleet(1)})
	b := &browser{t, s, map[string]string{}}
	b.want(200, "", "/", nil, "X-Remote-User", "ben") // httptest's address is 192.0.2.1
	b.want(404, "", "/account", nil, "X-Remote-User", "ben")
	b.want(404, "", "/account", url.Values{"present": {"x"}, "password": {"a longer horse"}}, "X-Remote-User", "ben")
	b.want(400, "", "/", nil, "X-Remote-User", "ben,ann")
	if _, err := store.People().Put(t.Context(), watch.Person{Name: "eve", Role: watch.Admin, Disabled: watchtest.Now()}); err != nil {
		t.Fatal(err)
	}
	if text := b.want(403, "", "/", nil, "X-Remote-User", "eve"); !strings.Contains(text, "not among the people") {
		t.Errorf("%s", text)
	}
}
