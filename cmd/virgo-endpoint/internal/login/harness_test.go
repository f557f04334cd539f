package login

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

// cheap is what a hash costs in tests.
var cheap = cost{memory: 64, time: 1, threads: 1}

const password = "correct horse"

// A harness is a login with a clock and a store in memory, and one person, ann.
type harness struct {
	*Login
	t      *testing.T
	store  *watchtest.Memory
	now    time.Time
	remote string
}

func newHarness(t *testing.T, change func(*Options)) *harness {
	h := &harness{t: t, now: time.UnixMilli(1_700_000_000_000).UTC(), remote: "192.0.2.1:1234"}
	h.store = &watchtest.Memory{Now: func() time.Time { return h.now }}
	opt := Options{People: h.store.People(), Audit: h.store.Audit(), Secure: true, Now: func() time.Time { return h.now }}
	if change != nil {
		change(&opt)
	}
	h.Login = New(opt)
	h.cost, h.hashes.free = cheap, func() {}
	h.add("ann", watch.Operate)
	return h
}

func (h *harness) add(name string, role watch.Role) watch.Person {
	h.t.Helper()
	hash, err := cheap.hash(password)
	if err != nil {
		h.t.Fatal(err)
	}
	p, err := h.store.People().Put(h.t.Context(), watch.Person{Name: name, Role: role, Password: hash, Created: h.now})
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// request is one from a browser with cookies.
func (h *harness) request(cookies ...*http.Cookie) *http.Request {
	r := httptest.NewRequestWithContext(h.t.Context(), http.MethodPost, "https://virgo.example/login", nil)
	r.RemoteAddr = h.remote
	for _, c := range cookies {
		r.AddCookie(c)
	}
	return r
}

// login logs somebody in and returns the cookie.
func (h *harness) login(name, password string, cookies ...*http.Cookie) (*http.Cookie, error) {
	h.t.Helper()
	w := httptest.NewRecorder()
	err := h.Begin(w, h.request(cookies...), name, password)
	list := w.Result().Cookies()
	if err != nil {
		if len(list) > 0 {
			h.t.Errorf("%v, and a cookie", err)
		}
		return nil, err
	}
	if len(list) != 1 {
		h.t.Fatalf("%d cookies", len(list))
	}
	return list[0], nil
}

func (h *harness) mustLogin(cookies ...*http.Cookie) *http.Cookie {
	h.t.Helper()
	c, err := h.login("ann", password, cookies...)
	if err != nil {
		h.t.Fatal(err)
	}
	return c
}

// entries are the records of the audit log, newest first.
func (h *harness) entries() []watch.Entry {
	var list []watch.Entry
	if err := h.store.Audit().Entries(h.t.Context(), watch.EntryFilter{}, func(e watch.Entry) error {
		list = append(list, e)
		return nil
	}); err != nil {
		h.t.Fatal(err)
	}
	return list
}
