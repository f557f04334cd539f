package store

import (
	"context"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// However many read results, agents are let in and what they send is stored.
func TestReadersDoNotKeepIntakeWaiting(t *testing.T) {
	s := newStore(t)
	secret, _, key := intaketest.NewToken(t, s)
	s.Close()
	s = openAt(t, s.path)
	for range maxReaders {
		conn, err := s.read.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := s.Admit(ctx, intake.Claim{AgentID: "a", Token: secret, Now: now}); err != nil {
		t.Errorf("admitting: %v", err)
	}
	if out, err := s.Append(ctx, []intake.Arrival{posted(key, "a", "1"), posted(key, "a", "1")}); err != nil || out[0].Stored != 1 {
		t.Errorf("appending: %+v, %v", out, err)
	}
	if _, err := s.Reader(ctx, "unknown", now); err != intake.ErrBadToken {
		t.Errorf("looking up a token that reads: %v", err)
	}
}
