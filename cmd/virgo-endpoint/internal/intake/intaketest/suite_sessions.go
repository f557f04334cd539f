package intaketest

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A session number that does not grow is accepted, and told the last one.
func testSessionNumbers(t *testing.T, open Opener) {
	s := open(t)
	if _, err := s.AddKey(t.Context(), "a", Key(1), epoch); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		session, last uint64 // what the hello has, and what is answered
		from          string
		falls, others int64
		two           bool
	}{
		{7, 0, "192.0.2.1:1", 0, 0, false},
		{8, 0, "192.0.2.1:2", 0, 0, false},
		{8, 8, "192.0.2.1:3", 1, 0, false},            // a repeated run, a full disk
		{3, 8, "192.0.2.1:4", 2, 0, false},            // a restored snapshot
		{9, 0, "192.0.2.2:4", 2, 0, false},            // the host moved
		{9, 9, "192.0.2.1:4", 3, 1, false},            // a copy
		{10, 0, "192.0.2.1:4", 3, 1, false},           // the copy goes on after it
		{10, 10, "192.0.2.2:4", 4, 2, false},          // and so does the first
		{10, 10, "[2001:db8::1]:4", 5, 3, true},       // again and again
		{1<<53 - 1, 0, "[2001:db8::1]:4", 5, 3, true}, // it stays reported
	} {
		c := claim("a", "", 1, step.session)
		c.Remote = step.from
		a := admit(t, open(t), c)
		if a.LastSession != step.last || a.TwoHosts != step.two {
			t.Errorf("step %d: %+v", i, a)
		}
		put(t, s, hello(c, a))
		i := identity(t, s, "a")
		if i.Sessions.Falls != step.falls || i.Sessions.Elsewhere != step.others || i.Sessions.TwoHosts(epoch) != step.two {
			t.Errorf("session %d from %s: %+v", step.session, step.from, i.Sessions)
		}
	}
	i := identity(t, s, "a")
	if w := i.Warnings(epoch); len(w) != 1 || w[0].Type != "twoHosts" || !strings.Contains(w[0].Text, "192.0.2.2, 2001:db8::1") {
		t.Errorf("%+v", w)
	}
	if w := i.Warnings(epoch.Add(30 * 24 * time.Hour)); len(w) != 0 {
		t.Errorf("a month later: %+v", w)
	}
}

// Attempts with another key are remembered with the agent.
func testOtherKeys(t *testing.T, open Opener) {
	s := open(t)
	attempt := func(agent string) intake.Arrival {
		return intake.Arrival{AgentID: agent, Received: epoch, OtherKey: &intake.OtherKey{Key: Key(2), Remote: "192.0.2.9:1"}}
	}
	if _, err := s.AddKey(t.Context(), "a", Key(1), epoch); err != nil {
		t.Fatal(err)
	}
	put(t, s, attempt("a"), attempt("nobody"), attempt("a"))
	i := identity(t, open(t), "a")
	if o := i.OtherKeys; o.Count != 2 || o.From != "192.0.2.9" || len(o.Key) != 32 || !o.Last.Equal(epoch) {
		t.Errorf("%+v", o)
	}
	if w := i.Warnings(epoch); len(w) != 1 || w[0].Type != "otherKey" {
		t.Errorf("%+v", w)
	}
	if i := identity(t, s, "nobody"); i.AgentID != "" {
		t.Errorf("%+v", i)
	}
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 1 || !list[0].LastSeen.IsZero() {
		t.Errorf("an attempt is no contact: %+v, %v", list, err)
	}
	if err := s.ResetAgent(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if w := identity(t, s, "a"); w.OtherKeys.Count != 0 || w.Sessions.Last != 0 {
		t.Errorf("after a reset: %+v", w)
	}
}

// Of hosts that enrol with one id at the same moment one wins, and one use of the token is gone.
func testConcurrentEnrolments(t *testing.T, open Opener) {
	const hosts = 8
	stores := []Store{open(t), open(t)}
	secret, _ := addToken(t, stores[0], intake.TokenSpec{Kinds: intake.Enrol, Uses: 3})
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for n := range hosts {
		wg.Go(func() {
			a, err := stores[n%2].Admit(t.Context(), claim("a", secret, byte(n+1), 1))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && a.Enrolled:
				won++
			case !errors.Is(err, intake.ErrOtherKey):
				t.Errorf("host %d: %+v, %v", n, a, err)
			}
		})
	}
	wg.Wait()
	list, err := stores[1].Tokens(t.Context())
	if err != nil || won != 1 || list[0].UsesLeft != 2 {
		t.Errorf("%d won; %+v, %v", won, list, err)
	}
}
