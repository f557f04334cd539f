package web

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// fakeLogin is a login as which one person is logged in, or nobody.
type fakeLogin struct {
	Login
	actor watch.Actor
	err   error
}

func (l fakeLogin) Who(*http.Request) (watch.Actor, error) { return l.actor, l.err }
func (l fakeLogin) Passwords() bool                        { return true }

func (l fakeLogin) CheckFirst(context.Context, string) error { return nil }

// somebody is a person with a role.
func somebody(role watch.Role) Login {
	return fakeLogin{actor: watch.Actor{Kind: "person", Name: "ann", Scopes: role.Scopes()}}
}

func nobody() Login { return fakeLogin{err: watch.ErrNoSession} }

func newSite(t testing.TB, opt Options) *Site {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(t testing.TB, s http.Handler, path string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	var r io.Reader = res.Body
	if res.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestEveryAnswerForbidsOtherSites(t *testing.T) {
	s := newSite(t, Options{Login: nobody()})
	for _, path := range []string{"/", "/nowhere", "/a/0/virgo.css", "/login"} {
		h := get(t, s, path).Header
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: policy %q", path, h.Get("Content-Security-Policy"))
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: headers %v", path, h)
		}
	}
}

func TestNobodyIsSentToTheLogin(t *testing.T) {
	s := newSite(t, Options{Login: nobody()})
	res := get(t, s, "/nowhere?a=b&c=//evil.example")
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != "/login?next=%2Fnowhere%3Fa%3Db%26c%3D%2F%2Fevil.example" {
		t.Errorf("%d to %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func TestFailureOfWhoIsNoLogin(t *testing.T) {
	s := newSite(t, Options{Login: fakeLogin{err: errors.New("secret detail")}})
	res := get(t, s, "/nowhere")
	if text := body(t, res); res.StatusCode != http.StatusInternalServerError || strings.Contains(text, "secret detail") || !strings.Contains(text, "log says why") {
		t.Errorf("%d %s", res.StatusCode, text)
	}
}

func TestMissingPage(t *testing.T) {
	s := newSite(t, Options{Login: somebody(watch.View)})
	res := get(t, s, "/nowhere", "Accept-Encoding", "gzip", "Cookie", "virgo-theme=dark")
	text := body(t, res)
	if res.StatusCode != http.StatusNotFound || !strings.Contains(text, "no such page") || !strings.Contains(text, `data-theme="dark"`) {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Error("not compressed")
	}
}

func TestWhatChangesComesFromThisSite(t *testing.T) {
	s := newSite(t, Options{Login: somebody(watch.Admin), API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) })})
	for _, c := range []struct {
		site string
		code int
	}{{"same-origin", 204}, {"cross-site", 403}, {"same-site", 403}} {
		r := httptest.NewRequest(http.MethodPost, "/v1/silences", nil)
		r.Header.Set("Sec-Fetch-Site", c.site)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.code {
			t.Errorf("%s: %d, want %d", c.site, w.Code, c.code)
		}
	}
}

func TestAssetsAreKept(t *testing.T) {
	s := newSite(t, Options{Login: nobody()})
	for name := range bundles {
		at, err := s.assets.address(name)
		if err != nil {
			t.Fatal(err)
		}
		res := get(t, s, at, "Accept-Encoding", "gzip")
		if res.StatusCode != 200 || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", at, res.StatusCode, res.Header)
		}
		if plain := get(t, s, at); body(t, plain) != body(t, res) {
			t.Errorf("%s: compressed and plain differ", at)
		}
		if old := get(t, s, "/a/0000000000000000/"+name); old.StatusCode != 404 {
			t.Errorf("an asset of another version: %d", old.StatusCode)
		}
	}
}

// The policy would stop them, and only a browser would tell.
func TestTemplatesHaveNoStyleNorEvent(t *testing.T) {
	bad := regexp.MustCompile(`(?i)\sstyle=|\son[a-z]+=|<style|javascript:|https?://(?:[^w]|w[^w])`)
	err := fs.WalkDir(templateFiles, "templates", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := templateFiles.ReadFile(path)
		if err != nil {
			return err
		}
		if found := bad.Find(data); found != nil {
			t.Errorf("%s: %q", path, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Strangers who send the login slowly take no place from people who are logged in.
func TestStrangersTakeNoPlaceFromPeople(t *testing.T) {
	s := newSite(t, Options{Login: somebody(watch.View), Hosts: fleet(1)})
	for range maxPublicViews {
		s.public <- struct{}{}
	}
	for path, want := range map[string]int{"/": http.StatusOK, "/login": http.StatusTooManyRequests} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}
