package login

import (
	"errors"
	"net/http/httptest"
	"slices"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func TestProxy(t *testing.T) {
	proxy, err := NewProxy("x-remote-user", []string{"10.0.0.5/32", "2001:db8::/64"}, "")
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, func(o *Options) { o.Proxy = proxy })
	off := h.add("off", watch.Admin)
	off.Disabled = h.now
	if _, err := h.store.People().Put(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		remote string
		names  []string
		code   int // 0: ann, -1: nobody
	}{
		{"10.0.0.5:1", []string{"ann"}, 0},
		{"[::ffff:10.0.0.5]:1", []string{"ann"}, 0},
		{"[2001:db8::7%eth0]:1", []string{"ann"}, 0},
		{"10.0.0.5:1", nil, -1},
		{"10.0.0.6:1", nil, -1},
		{"10.0.0.6:1", []string{"ann"}, 400},
		{"127.0.0.1:1", []string{"ann"}, 400},
		{"[::1]:1", []string{"ann"}, 400},
		{"@", []string{"ann"}, 400},
		{"10.0.0.5:1", []string{"ann", "ann"}, 400},
		{"10.0.0.5:1", []string{"ann,eve"}, 400},
		{"10.0.0.5:1", []string{""}, 400},
		{"10.0.0.5:1", []string{"ann\t"}, 400},
		{"10.0.0.5:1", []string{"eve"}, 403},
		{"10.0.0.5:1", []string{"Ann"}, 403},
		{"10.0.0.5:1", []string{"off"}, 403},
	} {
		r := h.request()
		r.RemoteAddr, r.Header["X-Remote-User"] = test.remote, test.names
		if test.names == nil {
			r.Header.Del("X-Remote-User")
		}
		a, err := h.Who(r)
		var refused *RefusedError
		switch {
		case test.code == 0 && err == nil && a.Kind == "proxy" && a.Name == "ann" && len(a.Scopes) == 2:
		case test.code == -1 && errors.Is(err, watch.ErrNoSession) && a.Name == "":
		case test.code > 0 && errors.As(err, &refused) && refused.Code == test.code && a.Name == "":
		default:
			t.Errorf("%s, %q: %+v, %v", test.remote, test.names, a, err)
		}
	}
	if _, err := h.login("ann", password); !errors.Is(err, ErrNoPasswords) {
		t.Error(err)
	}
	if err := h.ChangePassword(httptest.NewRecorder(), h.request(), password, password+"x"); !errors.Is(err, ErrNoPasswords) {
		t.Error(err)
	}
}

func TestProxyWithRole(t *testing.T) {
	proxy, err := NewProxy("X-Remote-User", []string{"10.0.0.5"}, "view")
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, func(o *Options) { o.Proxy = proxy })
	r := h.request()
	r.RemoteAddr = "10.0.0.5:1"
	r.Header.Set("X-Remote-User", "eve@example.com")
	if a, err := h.Who(r); err != nil || a.Name != "eve@example.com" || !slices.Equal(a.Scopes, []watch.Scope{watch.ReadScope}) {
		t.Errorf("%+v, %v", a, err)
	}
}

func TestBadProxies(t *testing.T) {
	for _, test := range []struct {
		header string
		from   []string
		role   string
	}{
		{"", []string{"10.0.0.1"}, ""},
		{"X Remote", []string{"10.0.0.1"}, ""},
		{"X_Remote", []string{"10.0.0.1"}, ""},
		{"cookie", []string{"10.0.0.1"}, ""},
		{"authorization", []string{"10.0.0.1"}, ""},
		{"Sec-Fetch-Site", []string{"10.0.0.1"}, ""},
		{"X-Remote-User", nil, ""},
		{"X-Remote-User", []string{"0.0.0.0/0"}, ""},
		{"X-Remote-User", []string{"::/0"}, ""},
		{"X-Remote-User", []string{"10.0.0"}, ""},
		{"X-Remote-User", []string{"proxy.example"}, ""},
		{"X-Remote-User", []string{"10.0.0.1"}, "root"},
	} {
		if _, err := NewProxy(test.header, test.from, test.role); !errors.Is(err, ErrBadProxy) {
			t.Errorf("%+v: %v", test, err)
		}
	}
}

// A script of another site cannot be the proxy, by a name of its own with this host's address.
func TestProxyUnderAnotherName(t *testing.T) {
	proxy, err := NewProxy("X-Remote-User", []string{"127.0.0.1", "::1", "10.0.0.5"}, "")
	if err != nil {
		t.Fatal(err)
	}
	h := newHarness(t, func(o *Options) { o.Proxy, o.Host = proxy, "Monitor.example.com" })
	for _, test := range []struct {
		peer, host string
		code       int
	}{
		{"127.0.0.1:1", "127.0.0.1:8080", 0},
		{"127.0.0.1:1", "[::1]:8080", 0},
		{"[::1]:1", "localhost:8080", 0},
		{"127.0.0.1:1", "virgo.localhost", 0},
		{"127.0.0.1:1", "monitor.example.com", 0},
		{"127.0.0.1:1", "monitor.example.com.:443", 0},
		{"127.0.0.1:1", "evil.example", 400},
		{"127.0.0.1:1", "evil.example:8080", 400},
		{"[::ffff:127.0.0.1]:1", "evil.example:8080", 400},
		{"127.0.0.1:1", "127.0.0.1.evil.example:8080", 400},
		{"127.0.0.1:1", "notlocalhost", 400},
		{"127.0.0.1:1", "", 400},
		{"10.0.0.5:1", "other.example", 0},
	} {
		r := h.request()
		r.RemoteAddr, r.Host = test.peer, test.host
		r.Header.Set("X-Remote-User", "ann")
		_, err := h.Who(r)
		var refused *RefusedError
		if errors.As(err, &refused) != (test.code != 0) || (err != nil) != (test.code != 0) {
			t.Errorf("%s by %s: %v", test.host, test.peer, err)
		}
	}
}
