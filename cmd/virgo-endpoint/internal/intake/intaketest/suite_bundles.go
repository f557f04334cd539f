package intaketest

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"reflect"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// sealKey is the key of the suite's agent a.
var sealKey = ed25519.PublicKey(make([]byte, ed25519.PublicKeySize))

// piece is a piece of a bundle of agent a, which b brings, with one result.
func piece(access intake.Access, bundle string, before, after int64, n uint64) *intake.BundlePiece {
	r := arrival(access, "a", receipt.ID("a", 1, n)).Results[0]
	return &intake.BundlePiece{
		BundleID: intake.BundleID{Courier: "b", AgentID: "a", Bundle: bundle},
		Access:   access, Name: "far away", Key: sealKey, Before: before, Received: epoch,
		After: intake.BundleState{
			Offset: after, Verified: fmt.Append(nil, after), Results: int64(n),
			Ranges: []receipt.Range{{Start: 1, From: 1, To: n}},
		},
		Results: []intake.Result{r},
	}
}

func withSealKey(t *testing.T, s Store) intake.Access {
	t.Helper()
	_, _, access := NewToken(t, s)
	if _, err := s.AddKey(t.Context(), "a", sealKey, epoch); err != nil {
		t.Fatal(err)
	}
	return access
}

// A piece is stored with the state after it, once.
func testBundles(t *testing.T, open Opener) {
	s := open(t)
	access := withSealKey(t, s)
	first, second := piece(access, "x", 0, 100, 1), piece(access, "x", 100, 250, 2)
	second.After.Complete, second.After.Refused = true, 1
	second.Refusals = []receipt.Refused{{ID: receipt.ID("a", 1, 3), Code: 400, Message: "no"}}
	if err := s.AddBundle(t.Context(), second); !errors.Is(err, intake.ErrBundleMoved) {
		t.Errorf("the second before the first: %v", err)
	}
	wantStored(t, s, 0)
	for _, p := range []*intake.BundlePiece{first, second} {
		if err := s.AddBundle(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if err := s.AddBundle(t.Context(), p); !errors.Is(err, intake.ErrBundleMoved) {
			t.Errorf("twice: %v", err)
		}
		st, of, err := open(t).Bundle(t.Context(), p.BundleID, epoch)
		if err != nil || !reflect.DeepEqual(st, p.After) || !of.Key.Equal(sealKey) {
			t.Errorf("%+v, %+v, %v", st, of, err)
		}
	}
	wantStored(t, s, 2)
	for _, r := range Results(t, s, intake.Filter{}) {
		if r.AgentID != "a" {
			t.Errorf("a result of %s", r.AgentID)
		}
	}
	_, refused, err := s.Held(t.Context(), "a", everything())
	if err != nil || len(refused) != 1 {
		t.Errorf("refused: %v, %v", refused, err)
	}
	if st, _, err := s.Bundle(t.Context(), first.BundleID, epoch.Add(intake.BundleTime)); err != nil || st.Offset != 0 {
		t.Errorf("after a long time: %+v, %v", st, err)
	}
	late := piece(access, "x", 0, 50, 4)
	late.Received = epoch.Add(intake.BundleTime + time.Hour)
	if err := s.AddBundle(t.Context(), late); err != nil {
		t.Errorf("begun anew: %v", err)
	}
}

// Nothing is stored of a bundle whose key is not its agent's, or whose courier has no access.
func testBundlesOfOthers(t *testing.T, open Opener) {
	s := open(t)
	access := withSealKey(t, s)
	other := ed25519.PublicKey(append([]byte{1}, sealKey[1:]...))
	refused := func(want error, change func(*intake.BundlePiece)) {
		t.Helper()
		p := piece(access, "x", 0, 100, 1)
		change(p)
		if err := s.AddBundle(t.Context(), p); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
	refused(intake.ErrOtherSealKey, func(p *intake.BundlePiece) { p.Key = other })
	refused(intake.ErrNoSealKey, func(p *intake.BundlePiece) { p.AgentID = "c" })
	refused(intake.ErrNoSealKey, func(p *intake.BundlePiece) { p.AgentID = "never seen" })
	refused(intake.ErrBadToken, func(p *intake.BundlePiece) { p.Access = intake.Access{Token: 99} })
	refused(intake.ErrBadToken, func(p *intake.BundlePiece) { p.Courier = "not the token's" })
	if err := s.RevokeAgent(t.Context(), "a", epoch); err != nil {
		t.Fatal(err)
	}
	refused(intake.ErrSealRevoked, func(*intake.BundlePiece) {})
	if err := s.ResetAgent(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	refused(intake.ErrNoSealKey, func(*intake.BundlePiece) {})
	wantStored(t, s, 0)
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 1 {
		t.Errorf("agents that nothing is stored of: %v, %v", list, err)
	}
	// Another courier's bundle, or another agent's, is another one.
	if _, err := s.AddKey(t.Context(), "a", sealKey, epoch); err != nil {
		t.Fatal(err)
	}
	p := piece(access, "x", 0, 100, 1)
	if err := s.AddBundle(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	for _, id := range []intake.BundleID{
		{Courier: "c", AgentID: "a", Bundle: "x"}, {Courier: "b", AgentID: "c", Bundle: "x"},
		{Courier: "b", AgentID: "a", Bundle: "y"}, {Courier: "a", AgentID: "b", Bundle: "x"},
	} {
		if st, _, err := s.Bundle(t.Context(), id, epoch); err != nil || st.Offset != 0 {
			t.Errorf("%+v: %+v, %v", id, st, err)
		}
	}
}

// Of a courier's bundles the last ones are remembered.
func testBundlesBounded(t *testing.T, open Opener) {
	const extra = 3
	s := open(t)
	access := withSealKey(t, s)
	for i := range intake.MaxBundlesPerCourier + extra {
		if err := s.AddBundle(t.Context(), piece(access, fmt.Sprint(i), 0, 100, uint64(i+1))); err != nil {
			t.Fatal(err)
		}
	}
	known := 0
	for i := range intake.MaxBundlesPerCourier + extra {
		st, _, err := s.Bundle(t.Context(), intake.BundleID{Courier: "b", AgentID: "a", Bundle: fmt.Sprint(i)}, epoch)
		if err != nil || st.Offset != 0 && i < extra {
			t.Errorf("bundle %d: %+v, %v", i, st, err)
		}
		if st.Offset != 0 {
			known++
		}
	}
	if known != intake.MaxBundlesPerCourier {
		t.Errorf("%d bundles are remembered", known)
	}
	wantStored(t, s, intake.MaxBundlesPerCourier+extra)
}
