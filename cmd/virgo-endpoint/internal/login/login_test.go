package login

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

func TestLogin(t *testing.T) {
	h := newHarness(t, nil)
	c := h.mustLogin()
	if c.Name != "__Host-virgo" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Errorf("cookie %+v", c)
	}
	a, err := h.Who(h.request(c))
	if err != nil || a.Kind != "person" || a.Name != "ann" || a.Remote != "192.0.2.1" ||
		!slices.Equal(a.Scopes, []watch.Scope{watch.ReadScope, watch.SilencesScope}) {
		t.Errorf("%+v, %v", a, err)
	}
	w := httptest.NewRecorder()
	if err := h.End(w, h.request(c), false); err != nil {
		t.Fatal(err)
	}
	if list := w.Result().Cookies(); len(list) != 1 || list[0].MaxAge >= 0 || list[0].Value != "" {
		t.Errorf("cookies at the end: %v", list)
	}
	h.wantNobody(c)
}

func (h *harness) wantNobody(cookies ...*http.Cookie) {
	h.t.Helper()
	if a, err := h.Who(h.request(cookies...)); !errors.Is(err, watch.ErrNoSession) || a.Name != "" || a.Scopes != nil {
		h.t.Errorf("%+v, %v", a, err)
	}
}

func TestWrongPasswords(t *testing.T) {
	h := newHarness(t, nil)
	proxied := watch.Person{Name: "nopassword", Role: watch.Admin, Created: h.now}
	if _, err := h.store.People().Put(t.Context(), proxied); err != nil {
		t.Fatal(err)
	}
	off := h.add("off", watch.Admin)
	off.Disabled = h.now
	if _, err := h.store.People().Put(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	for _, test := range [][2]string{
		{"ann", ""}, {"ann", "wrong horse"}, {"ann", password + " "}, {"ann", strings.Repeat("a", MaxPassword+1)},
		{"Ann", password}, {"ann ", password}, {"", password}, {"bob", password}, {"nopassword", ""}, {"nopassword", password},
		{"off", password}, {strings.Repeat("a", MaxName+1), password}, {"ann\x00", password},
	} {
		h.now = h.now.Add(time.Hour)
		if _, err := h.login(test[0], test[1]); !errors.Is(err, ErrWrong) || err.Error() != ErrWrong.Error() {
			t.Errorf("%q: %v", test, err)
		}
	}
}

// A name that nobody has costs as much as one that somebody has, and is not written down: people type passwords there.
func TestUnknownNames(t *testing.T) {
	h := newHarness(t, nil)
	if _, err := h.login("hunter2-my-password", "x"); !errors.Is(err, ErrWrong) {
		t.Fatal(err)
	}
	for _, e := range h.entries() {
		if strings.Contains(e.Actor+e.Object+e.Outcome, "hunter2") {
			t.Errorf("an entry says %+v", e)
		}
	}
	filled := func(hash string) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := today.compare("x", hash); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	hash, err := Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	// The memory that is filled is the work that is done.
	if known, unknown := filled(hash), filled(""); unknown < uint64(today.memory)<<10 || known > 2*unknown || unknown > 2*known {
		t.Errorf("%d bytes are filled for somebody, %d for nobody", known, unknown)
	}
}

// A browser into which somebody planted a cookie gets another one, and the planted session is over.
func TestSessionFixation(t *testing.T) {
	h := newHarness(t, nil)
	h.add("eve", watch.View)
	planted, err := h.login("eve", password)
	if err != nil {
		t.Fatal(err)
	}
	made := &http.Cookie{Name: secureCookie, Value: base64.RawURLEncoding.EncodeToString(make([]byte, 32))}
	for _, before := range []*http.Cookie{planted, made} {
		c := h.mustLogin(before)
		if c.Value == before.Value {
			t.Error("the session has the planted secret")
		}
		h.wantNobody(before)
		// Two cookies of the name: one is planted, and it is not known which.
		h.wantNobody(c, before)
		h.wantNobody(before, c)
	}
}

func TestCookiesOfAnotherListener(t *testing.T) {
	h := newHarness(t, nil)
	c := h.mustLogin()
	h.wantNobody(&http.Cookie{Name: plainCookie, Value: c.Value}) // a program on another port can set it
	plain := New(Options{People: h.People, Now: h.Options.Now})
	if _, err := plain.Who(h.request(c)); !errors.Is(err, watch.ErrNoSession) {
		t.Errorf("plain http takes the cookie of https: %v", err)
	}
	proxy, err := NewProxy("X-Remote-User", []string{"192.0.2.1"}, "")
	if err != nil {
		t.Fatal(err)
	}
	proxied := New(Options{People: h.People, Proxy: proxy, Secure: true, Now: h.Options.Now})
	if _, err := proxied.Who(h.request(c)); !errors.Is(err, watch.ErrNoSession) {
		t.Errorf("a login by proxy takes a cookie: %v", err)
	}
	for _, value := range []string{"", "x", c.Value + "A", c.Value[1:], strings.Repeat("A", 1<<12), c.Value + "="} {
		h.wantNobody(&http.Cookie{Name: secureCookie, Value: value})
	}
	if _, err := h.Who(h.request(c)); err != nil {
		t.Error(err)
	}
}

func TestSessionsEnd(t *testing.T) {
	h := newHarness(t, nil)
	people := h.store.People()
	for name, change := range map[string]func(*watch.Person){
		"role":     func(p *watch.Person) { p.Role = watch.View },
		"password": func(p *watch.Person) { p.Password = "" },
		"disabled": func(p *watch.Person) { p.Disabled = h.now },
	} {
		h.add(name, watch.Admin)
		c, err := h.login(name, password)
		if err != nil {
			t.Fatal(err)
		}
		p, err := people.Person(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		change(&p)
		if _, err := people.Put(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		h.wantNobody(c)
	}
	idle, used := h.mustLogin(), h.mustLogin()
	for range 30 {
		if _, err := h.Who(h.request(used)); err != nil {
			t.Fatalf("after %v: %v", h.now, err)
		}
		h.now = h.now.Add(24 * time.Hour)
	}
	h.wantNobody(idle) // for 7 days already
	h.wantNobody(used) // 30 days
	one, two := h.mustLogin(), h.mustLogin()
	if err := h.End(httptest.NewRecorder(), h.request(one), true); err != nil {
		t.Fatal(err)
	}
	h.wantNobody(two)
}

func TestChangePassword(t *testing.T) {
	h := newHarness(t, nil)
	other, c := h.mustLogin(), h.mustLogin()
	w := httptest.NewRecorder()
	if err := h.ChangePassword(w, h.request(c), "wrong horse", "a new password"); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	if err := h.ChangePassword(w, h.request(c), password, "short"); !errors.Is(err, ErrBadPassword) {
		t.Error(err)
	}
	if err := h.ChangePassword(w, h.request(), password, "a new password"); !errors.Is(err, watch.ErrNoSession) {
		t.Error(err)
	}
	if err := h.ChangePassword(w, h.request(c), password, "a new password"); err != nil {
		t.Fatal(err)
	}
	h.wantNobody(other)
	h.wantNobody(c)
	if _, err := h.Who(h.request(w.Result().Cookies()...)); err != nil {
		t.Error(err)
	}
	if _, err := h.login("ann", "a new password"); err != nil {
		t.Error(err)
	}
}
