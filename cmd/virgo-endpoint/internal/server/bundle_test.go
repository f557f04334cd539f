package server

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/spool/bundle"
	"virgo/transport/receipt"
)

// smallBundle is a plain bundle of two results of agent a.
func smallBundle(t testing.TB, key ed25519.PrivateKey) []byte {
	t.Helper()
	var buf bytes.Buffer
	w, err := bundle.NewWriter(&buf, bundle.Header{
		Agent: "a", ID: "000102030405060708090a0b0c0d0e0f", Created: time.UnixMilli(5e11),
	}, key, bundle.WriterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(2) {
		err := w.Add(bundle.Record{ID: receipt.ID("a", 1, n), Made: time.UnixMilli(4e11), Data: []byte(peertest.Metric("", "c"))})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// Whatever a courier sends, only what the agent's key has sealed is stored, and what is stored goes on.
func FuzzBundlePost(f *testing.F) {
	key := peertest.Key(1)
	plain := smallBundle(f, key)
	seed := func(offset int64, block []byte) {
		params, err := json.Marshal(bundleParams{"a", "000102030405060708090a0b0c0d0e0f", offset, block})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(params, params)
	}
	seed(0, plain)
	seed(0, plain[:len(plain)/2])
	seed(300, plain[300:])
	f.Add([]byte(`{"agent_id":"a","bundle":"x","offset":-1,"block":"!"}`), []byte("[]"))
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var m intaketest.Memory
		_, _, access := intaketest.NewToken(t, &m)
		if _, err := m.AddKey(t.Context(), "a", key.Public().(ed25519.PublicKey), time.UnixMilli(1)); err != nil {
			t.Fatal(err)
		}
		for _, params := range [][]byte{first, second} {
			p, err := parseBundleParams(params)
			if err != nil {
				continue
			}
			id := intake.BundleID{Courier: "b", AgentID: p.AgentID, Bundle: p.Bundle}
			in := pieceIntake{intake: &m, id: id, access: access, now: time.UnixMilli(1_700_000_000_000)}
			state, err := in.take(t.Context(), &p)
			if err != nil && denied(err) == nil && bundleRefusal(err) == nil {
				t.Fatal(err)
			}
			if err == nil && (state.Offset < 0 || state.Results < state.Refused) {
				t.Fatalf("%+v", state)
			}
		}
		for _, r := range intaketest.Results(t, &m, intake.Filter{}) {
			if r.AgentID != "a" || r.ResultID != receipt.ID("a", 1, 0) && r.ResultID != receipt.ID("a", 1, 1) {
				t.Fatalf("%s of %s is stored", r.ResultID, r.AgentID)
			}
		}
	})
}
