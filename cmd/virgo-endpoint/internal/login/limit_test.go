package login

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func (h *harness) wantTooMany(name, password string) {
	h.t.Helper()
	var many *TooManyError
	if _, err := h.login(name, password); !errors.As(err, &many) || many.After <= 0 || many.After > wrongPause {
		h.t.Errorf("%s: %v", name, err)
	}
}

func (h *harness) wantWrong(name string) {
	h.t.Helper()
	if _, err := h.login(name, "wrong horse"); !errors.Is(err, ErrWrong) {
		h.t.Errorf("%s: %v", name, err)
	}
}

func TestWrongFromOneAddress(t *testing.T) {
	h := newHarness(t, nil)
	for i := range maxWrong {
		h.wantWrong(fmt.Sprint("name", i))
	}
	h.wantTooMany("ann", password)
	h.now = h.now.Add(wrongPause)
	h.wantWrong("another")
	h.wantTooMany("ann", password)
	// Each address of an IPv6 network is the same attacker.
	for i := range maxWrong {
		h.remote = fmt.Sprintf("[2001:db8::%x]:1", i+1)
		h.wantWrong(fmt.Sprint("six", i))
	}
	h.remote = "[2001:db8::ffff:1]:1"
	h.wantTooMany("six", password)
	h.remote = "[2001:db8:0:1::1]:1"
	h.wantWrong("six")
}

func TestWrongForOneName(t *testing.T) {
	h := newHarness(t, nil)
	h.remote = "198.51.100.7:1"
	h.mustLogin()
	for i := range maxWrong {
		h.remote = fmt.Sprintf("203.0.113.%d:1", i)
		h.wantWrong("ann")
	}
	h.remote = "203.0.113.99:1"
	h.wantTooMany("ann", password)
	// Strangers do not lock out where ann has logged in; but who is there has no more attempts than others.
	h.remote = "198.51.100.7:2"
	h.mustLogin()
	for range maxWrong {
		h.wantWrong("ann")
	}
	h.wantTooMany("ann", password)
	h.now = h.now.Add(maxWrong * wrongPause)
	h.mustLogin()
	h.now = h.now.Add(-time.Hour * 24 * 365) // a clock that is set back locks nobody out
	h.mustLogin()
}

func TestRightPasswordsAreNotCounted(t *testing.T) {
	h := newHarness(t, nil)
	for i := range 4 * maxWrong {
		h.remote = fmt.Sprintf("203.0.113.%d:1", i)
		h.mustLogin()
	}
	if n := len(h.entries()); n != 4*maxWrong {
		t.Errorf("%d entries", n)
	}
}

// Attempts at the same time are counted before they are compared.
func TestFloodFromOneAddress(t *testing.T) {
	h := newHarness(t, nil)
	var wrong, refused, others int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			_, err := h.verify(h.request(), "ann", "wrong horse")
			var many *TooManyError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, ErrWrong):
				wrong++
			case errors.As(err, &many), errors.Is(err, ErrBusy):
				refused++
			default:
				others++
			}
		})
	}
	wg.Wait()
	if wrong > maxWrong || others > 0 {
		t.Errorf("%d were compared, %d refused, %d others", wrong, refused, others)
	}
}

// A flood from many addresses fills a few records a minute, and no memory.
func TestFloodFromManyAddresses(t *testing.T) {
	h := newHarness(t, nil)
	for i := range 2000 {
		h.remote = fmt.Sprintf("10.0.%d.%d:1", i/250, i%250)
		_, err := h.login(fmt.Sprint("name", i), "wrong horse")
		var many *TooManyError
		if !errors.Is(err, ErrWrong) && !errors.As(err, &many) {
			t.Fatal(err)
		}
	}
	if n := len(h.entries()); n > maxRecords+1 {
		t.Errorf("%d records", n)
	}
	if len(h.wrong.paid) != wrongSlots || len(h.wrong.known) != knownSlots {
		t.Error("the tables grew")
	}
}

func TestGateIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		freed := 0
		g.free = func() { freed++ }
		release := make(chan struct{})
		running := 0
		var wg sync.WaitGroup
		for range 1 + maxWaiting {
			wg.Go(func() {
				if err := g.do(t.Context(), func() error {
					if running++; running > 1 {
						t.Error("two at a time")
					}
					<-release
					running--
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if err := g.do(t.Context(), func() error { t.Error("it ran"); return nil }); !errors.Is(err, ErrBusy) {
			t.Error(err)
		}
		close(release)
		wg.Wait()
		if freed != 1 {
			t.Errorf("memory was given back %d times", freed)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		g.turn <- struct{}{}
		if err := g.do(ctx, func() error { t.Error("it ran"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// Behind a proxy on this host, one who guesses locks only himself out.
func TestWrongBehindAProxy(t *testing.T) {
	h := newHarness(t, nil)
	h.remote = "127.0.0.1:1"
	attempt := func(forwarded []string, name, password string) error {
		r := h.request()
		r.Header["X-Forwarded-For"] = forwarded
		_, err := h.verify(r, name, password)
		return err
	}
	var many *TooManyError
	for i := range maxWrong {
		if err := attempt([]string{"198.51.100.1, 203.0.113.9"}, fmt.Sprint("n", i), "wrong horse"); !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	// What the client itself wrote before does not count, in one line or several.
	for _, forwarded := range [][]string{{"203.0.113.9"}, {"198.51.100.2,203.0.113.9"}, {"198.51.100.2", "::ffff:203.0.113.9"}} {
		if err := attempt(forwarded, "ann", password); !errors.As(err, &many) {
			t.Errorf("%q: %v", forwarded, err)
		}
	}
	for _, forwarded := range [][]string{{"203.0.113.10"}, {"203.0.113.9, 203.0.113.10"}, {"203.0.113.9", "203.0.113.10"}, {"203.0.113.9, unknown"}, nil} {
		if err := attempt(forwarded, "ann", password); err != nil {
			t.Errorf("%q: %v", forwarded, err)
		}
	}
	if e := h.entries()[0]; e.Remote != "203.0.113.9 by 127.0.0.1" {
		t.Errorf("recorded as from %q", e.Remote)
	}
	// From elsewhere the header is nobody's word.
	h.remote = "192.0.2.77:1"
	for i := range maxWrong {
		if err := attempt([]string{fmt.Sprintf("198.51.100.%d", i)}, fmt.Sprint("m", i), "wrong horse"); !errors.Is(err, ErrWrong) {
			t.Fatal(err)
		}
	}
	if err := attempt([]string{"198.51.100.99"}, "ann", password); !errors.As(err, &many) {
		t.Error(err)
	}
}
