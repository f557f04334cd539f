package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/transport/receipt"
)

// now is the time of the arrivals of these tests.
var now = time.UnixMilli(1_800_000_000_000)

// posted is an arrival with results of these ids.
func posted(access intake.Access, agent string, ids ...string) intake.Arrival {
	a := intake.Arrival{AgentID: agent, Access: access, Received: now}
	for _, id := range ids {
		a.Results = append(a.Results, intake.Result{ResultID: id, CheckID: "c", CheckType: "t", State: "available", Time: now, Received: now,
			Params: []byte("{}")})
	}
	return a
}

// wantStored appends and compares the number of results that were new.
func wantStored(t *testing.T, s *Store, want int, a intake.Arrival) {
	t.Helper()
	out, err := s.Append(t.Context(), []intake.Arrival{a})
	if err != nil || out[0].Err != nil || out[0].Stored != want {
		t.Errorf("%+v, %v, want %d", out, err, want)
	}
}

// rolledOver begins another segment.
func rolledOver(t *testing.T, s *Store) *entry {
	t.Helper()
	c, err := s.catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	e := *c.open()
	if err := s.rollOver(t.Context(), e.number, now); err != nil {
		t.Fatal(err)
	}
	return &e
}

// A copy is recognised whatever segment has the first one, sealed, merged or neither, and by whatever store is
// open; and what only looks like one is stored.
func TestCopiesAcrossSegments(t *testing.T) {
	path := newPath(t)
	s, other := openAt(t, path), openAt(t, path)
	key := addToken(t, s)
	id := func(start, n uint64) string { return receipt.ID("a", start, n) }
	wantStored(t, s, 4, posted(key, "a", id(1, 10), id(1, 11), "no order", id(2, 5)))
	first := rolledOver(t, s)
	copies := posted(key, "a", id(1, 10), id(1, 11), "no order", id(2, 5))
	wantStored(t, s, 0, copies)
	wantStored(t, other, 0, copies)
	// Below the highest order, but never stored: another start, a gap, an order that was left out.
	wantStored(t, other, 3, posted(key, "a", id(3, 10), id(1, 9), id(2, 4)))
	rolledOver(t, other)
	for _, merge := range []bool{false, true} {
		if merge {
			if err := s.finish(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}
		for _, store := range []*Store{s, other, openAt(t, path)} {
			wantStored(t, store, 0, copies)
			wantStored(t, store, 0, posted(key, "a", id(3, 10), id(1, 9), id(2, 4)))
		}
		held, _, err := other.Held(t.Context(), "a", []receipt.Range{{Start: 1, From: 0, To: 20}, {Start: 2, From: 0, To: 20}, {Start: 3, From: 0, To: 20}})
		if err != nil || fmt.Sprint(held) != "[0000000000000001-9-b 0000000000000002-4-5 0000000000000003-a-a]" {
			t.Errorf("held: %v, %v", held, err)
		}
		agents, err := other.Agents(t.Context(), "")
		if err != nil || len(agents) != 1 || agents[0].Results != 7 || !agents[0].LastSeen.Equal(now) {
			t.Errorf("%+v, %v", agents, err)
		}
		if n := len(intaketest.Results(t, s, intake.Filter{})); n != 7 {
			t.Errorf("%d results", n)
		}
	}
	// A renamed agent sends what waits on its host with its old name in the ids.
	if err := s.RenameAgent(t.Context(), "a", "b"); err != nil {
		t.Fatal(err)
	}
	copies.AgentID = "b"
	wantStored(t, other, 0, copies)
}

// The state of a session and of checks goes on in the next segment.
func TestContactsGoOn(t *testing.T) {
	s := newStore(t)
	if _, err := s.AddKey(t.Context(), "a", intaketest.Key(1), now); err != nil {
		t.Fatal(err)
	}
	claim := intake.Claim{AgentID: "a", Key: intaketest.Key(1), Proven: true, Session: 7, Now: now}
	admission, err := s.Admit(t.Context(), claim)
	if err != nil {
		t.Fatal(err)
	}
	hello := posted(admission.Access, "a", "1")
	hello.Hello = &intake.Hello{Name: "n", Session: 7, Remote: "192.0.2.1:1"}
	hello.Results[0].Refused, hello.Results[0].State = true, "unavailable"
	wantStored(t, s, 1, hello)
	for _, step := range []func(e *entry) error{
		func(*entry) error { return nil },
		func(e *entry) error { return s.finish(t.Context(), e) },
	} {
		if err := step(rolledOver(t, s)); err != nil {
			t.Fatal(err)
		}
		for _, contact := range []bool{false, true} { // of another check, in the new segment
			if contact {
				a := posted(admission.Access, "a", fmt.Sprint("of ", time.Now().UnixNano()))
				a.Results[0].CheckID = "other"
				wantStored(t, s, 1, a)
			}
			if a, err := s.Admit(t.Context(), claim); err != nil || a.LastSession != 7 {
				t.Errorf("%+v, %v", a, err)
			}
			list, err := s.Agents(t.Context(), "")
			if err != nil || list[0].Name != "n" || list[0].RefusedChecks != 1 {
				t.Errorf("%+v, %v", list, err)
			}
		}
	}
}

// A kill between the two files: what is stored is stored, the rest is not, and when all of it comes again each result
// is there once.
func TestKilledBetweenTheFiles(t *testing.T) {
	killed := errors.New("killed")
	path := newPath(t)
	s := openAt(t, path)
	key := addToken(t, s)
	if _, err := s.AddKey(t.Context(), "a", intaketest.Key(1), now); err != nil {
		t.Fatal(err)
	}
	p := &intake.BundlePiece{BundleID: intake.BundleID{Courier: "b", AgentID: "a", Bundle: "x"}, Access: key, Key: intaketest.Key(1),
		After: intake.BundleState{Offset: 100, Verified: []byte{1}}, Received: now, Results: posted(key, "a", receipt.ID("a", 1, 1), "x").Results}
	refusing := posted(key, "c", receipt.ID("c", 1, 1), receipt.ID("c", 1, 2))
	refusing.Refusals = []receipt.Refused{{ID: receipt.ID("c", 1, 3), Code: 400, Message: "no"}}
	for _, step := range []string{"agents changed", "bundle's results stored"} {
		s := openAt(t, path)
		s.step = func(name string) error {
			if name == step {
				return killed
			}
			return nil
		}
		_, err := s.Append(t.Context(), []intake.Arrival{refusing})
		bundleErr := s.AddBundle(t.Context(), p)
		if !errors.Is(errors.Join(err, bundleErr), killed) {
			t.Fatalf("%s: %v, %v", step, err, bundleErr)
		}
		st, _, err := openAt(t, path).Bundle(t.Context(), p.BundleID, now)
		if err != nil || st.Offset != 0 {
			t.Errorf("%s: %+v, %v", step, st, err)
		}
	}
	if err := s.AddBundle(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Append(t.Context(), []intake.Arrival{refusing}); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range intaketest.Results(t, s, intake.Filter{}) {
		seen[r.ResultID]++
	}
	if len(seen) != 4 {
		t.Errorf("%v", seen)
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s is there %d times", id, n)
		}
	}
}
