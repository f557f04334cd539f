package intaketest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

func testTokenLabels(t *testing.T, open Opener) {
	s := open(t)
	for _, label := range []string{"", "web 1", "ä%_'\"", strings.Repeat("€", intake.MaxLabelRunes)} {
		if _, token, err := s.AddToken(t.Context(), label, epoch); err != nil || token.Label != label {
			t.Errorf("label %q: %+v, %v", label, token, err)
		}
	}
	for _, label := range []string{
		strings.Repeat("x", intake.MaxLabelRunes+1), strings.Repeat("x", 1<<20),
		"a\nb", "\x1b[2J", "a\x00", "\xff", "\u2028", "\u202e",
	} {
		secret, _, err := s.AddToken(t.Context(), label, epoch)
		if !errors.Is(err, intake.ErrBadLabel) || secret != "" {
			t.Errorf("label %.20q: %v", label, err)
		}
	}
	if list, err := s.Tokens(t.Context()); err != nil || len(list) != 4 {
		t.Errorf("%d tokens, %v", len(list), err)
	}
}

func testTokenList(t *testing.T, open Opener) {
	s := open(t)
	if list, err := s.Tokens(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("of an empty store: %v, %v", list, err)
	}
	secrets, ids := map[string]bool{}, map[string]bool{}
	for i := range 5 {
		secret, token, err := s.AddToken(t.Context(), strings.Repeat("x", i),
			epoch.Add(-time.Duration(i)*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		secrets[secret], ids[token.ID] = true, true
	}
	if len(secrets) != 5 || len(ids) != 5 {
		t.Errorf("%d different tokens, %d different ids", len(secrets), len(ids))
	}
	list, err := open(t).Tokens(t.Context())
	if err != nil || len(list) != 5 {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, token := range list {
		if len(token.Label) != i || !token.Created.Equal(epoch.Add(-time.Duration(i)*time.Hour)) ||
			!token.Revoked.IsZero() || !token.LastUsed.IsZero() || !ids[token.ID] {
			t.Errorf("token %d: %+v", i, token)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.AddToken(ctx, "", epoch); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func testRevokedTokens(t *testing.T, open Opener) {
	s, other := open(t), open(t)
	secret, id, key := NewToken(t, s)
	good, _, goodKey := NewToken(t, s)
	if valid, err := other.TokenValid(t.Context(), key); err != nil || !valid {
		t.Errorf("before: %v, %v", valid, err)
	}
	for i := range 2 { // the second time changes nothing
		token, err := other.RevokeToken(t.Context(), id, epoch.Add(time.Duration(1+i)*time.Second))
		if err != nil || token.ID != id || !token.Revoked.Equal(epoch.Add(time.Second)) ||
			token.Label != "a test" || !token.Created.Equal(epoch) {
			t.Errorf("revoked: %+v, %v", token, err)
		}
	}
	if _, err := s.Authenticate(t.Context(), secret); !errors.Is(err, intake.ErrBadToken) {
		t.Errorf("authenticate: %v", err)
	}
	if valid, err := s.TokenValid(t.Context(), key); err != nil || valid {
		t.Errorf("after: %v, %v", valid, err)
	}
	if got, err := s.Authenticate(t.Context(), good); err != nil || got != goodKey {
		t.Errorf("the other token: key %d, want %d, %v", got, goodKey, err)
	}
	for _, id := range []string{"", "nope", id + "0", strings.Repeat("0", 1<<20), "%", "' OR 1=1"} {
		if _, err := s.RevokeToken(t.Context(), id, epoch); !errors.Is(err, intake.ErrNoSuchToken) {
			t.Errorf("id %.20q: %v", id, err)
		}
	}
}

func testUnknownTokens(t *testing.T, open Opener) {
	s := open(t)
	if _, err := s.Authenticate(t.Context(), ""); !errors.Is(err, intake.ErrBadToken) {
		t.Errorf("of an empty store: %v", err)
	}
	secret, id, key := NewToken(t, s)
	for _, wrong := range []string{
		"", "x", secret[1:], secret + "x", secret + "\x00", strings.ToUpper(secret), id, strings.Repeat(secret, 1<<14), "\xff", "%", "' OR 1=1",
	} {
		if _, err := s.Authenticate(t.Context(), wrong); !errors.Is(err, intake.ErrBadToken) {
			t.Errorf("%.20q: %v", wrong, err)
		}
	}
	for _, wrong := range []intake.TokenKey{key + 1, key + 1<<40, -1} {
		if valid, err := s.TokenValid(t.Context(), wrong); err != nil || valid {
			t.Errorf("key %d: %v, %v", wrong, valid, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Authenticate(ctx, secret); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
