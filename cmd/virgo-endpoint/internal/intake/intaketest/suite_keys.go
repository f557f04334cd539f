package intaketest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// enrolOnce is the ordinary token: it enrols one agent.
func enrolOnce() intake.TokenSpec { return intake.TokenSpec{Kinds: intake.Enrol, Uses: 1} }

func addToken(t *testing.T, s Store, spec intake.TokenSpec) (string, intake.Token) {
	t.Helper()
	secret, token, err := s.AddToken(t.Context(), spec, epoch)
	if err != nil {
		t.Fatal(err)
	}
	return secret, token
}

func testTokenLabels(t *testing.T, open Opener) {
	s := open(t)
	for _, label := range []string{"", "web 1", "ä%_'\"", strings.Repeat("€", intake.MaxLabelRunes)} {
		spec := enrolOnce()
		spec.Label, spec.Group = label, label
		if _, token, err := s.AddToken(t.Context(), spec, epoch); err != nil || token.Label != label ||
			token.Group != label {
			t.Errorf("label %q: %+v, %v", label, token, err)
		}
	}
	for _, label := range []string{
		strings.Repeat("x", intake.MaxLabelRunes+1), strings.Repeat("x", 1<<20),
		"a\nb", "\x1b[2J", "a\x00", "\xff", "\u2028", "\u202e",
	} {
		for _, group := range []bool{false, true} {
			spec := enrolOnce()
			if group {
				spec.Group = label
			} else {
				spec.Label = label
			}
			secret, _, err := s.AddToken(t.Context(), spec, epoch)
			if !errors.Is(err, intake.ErrBadLabel) || secret != "" {
				t.Errorf("label %.20q: %v", label, err)
			}
		}
	}
	if list, err := s.Tokens(t.Context()); err != nil || len(list) != 4 {
		t.Errorf("%d tokens, %v", len(list), err)
	}
}

func testTokenSpecs(t *testing.T, open Opener) {
	s := open(t)
	for _, bad := range []intake.TokenSpec{
		{},
		{Kinds: 32},
		{Kinds: intake.Admin, Expires: epoch.Add(time.Hour)},
		{Kinds: intake.Admin, Scopes: []string{"read"}},
		{Kinds: intake.Admin, Scopes: []string{"read"}, Expires: epoch},
		{Kinds: intake.Admin, Scopes: []string{"read"}, Expires: epoch.Add(intake.MaxAdminLife + time.Second)},
		{Kinds: intake.Admin, Scopes: []string{"read tags"}, Expires: epoch.Add(time.Hour)},
		{Kinds: intake.Admin, Scopes: []string{"read"}, Expires: epoch.Add(time.Hour), AgentIDs: []string{"a"}},
		{Kinds: intake.Admin | intake.Read, Scopes: []string{"read"}, Expires: epoch.Add(time.Hour)},
		{Kinds: intake.Admin | intake.Enrol, Scopes: []string{"read"}, Expires: epoch.Add(time.Hour)},
		{Kinds: intake.Read, Scopes: []string{"read"}},
		{Kinds: intake.Enrol, Scopes: []string{"read"}},
		{Kinds: intake.Read | intake.Enrol},
		{Kinds: intake.Read, AgentIDs: []string{"a"}},
		{Kinds: intake.Read, Uses: 1},
		{Kinds: intake.Read, Group: "g"},
		{Kinds: intake.Legacy},
		{Kinds: intake.Legacy | intake.Enrol},
		{Kinds: intake.Legacy, AgentIDs: []string{"a"}, Uses: 1},
		{Kinds: intake.Enrol, Uses: -1},
		{Kinds: intake.Enrol, Uses: intake.MaxTokenUses + 1},
		{Kinds: intake.Enrol, Expires: epoch},
		{Kinds: intake.Enrol, AgentIDs: []string{"a\x1b"}},
		{Kinds: intake.Enrol, AgentIDs: []string{""}},
		{Kinds: intake.Enrol, AgentIDs: make([]string, intake.MaxTokenAgents+1)},
	} {
		if secret, _, err := s.AddToken(t.Context(), bad, epoch); !errors.Is(err, intake.ErrBadTokenSpec) || secret != "" {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	good := []intake.TokenSpec{
		{Kinds: intake.Read},
		{Kinds: intake.Enrol},
		{Kinds: intake.Enrol | intake.Relay, Uses: intake.MaxTokenUses, Expires: epoch.Add(time.Millisecond)},
		{Label: "l", Group: "g", Kinds: intake.Legacy, AgentIDs: []string{"b", "a", "'"}},
		{Kinds: intake.Admin, Scopes: []string{"schedules", "tags"}, Expires: epoch.Add(intake.MaxAdminLife)},
	}
	for _, spec := range good {
		addToken(t, s, spec)
	}
	list, err := open(t).Tokens(t.Context())
	if err != nil || len(list) != len(good) {
		t.Fatalf("%+v, %v", list, err)
	}
	for i, token := range list {
		if !reflect.DeepEqual(token.TokenSpec, good[i]) || token.UsesLeft != good[i].Uses || token.KnownAgents {
			t.Errorf("%+v, want %+v", token, good[i])
		}
	}
}

func testTokenList(t *testing.T, open Opener) {
	s := open(t)
	if list, err := s.Tokens(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("of an empty store: %v, %v", list, err)
	}
	secrets, ids := map[string]bool{}, map[string]bool{}
	for i := range 5 {
		spec := enrolOnce()
		spec.Label = strings.Repeat("x", i)
		secret, token, err := s.AddToken(t.Context(), spec, epoch.Add(-time.Duration(i)*time.Hour))
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
			!token.Revoked.IsZero() || !token.LastUsed.IsZero() || !ids[token.ID] || token.State(epoch) != "valid" {
			t.Errorf("token %d: %+v", i, token)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.AddToken(ctx, enrolOnce(), epoch); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func testRevokedTokens(t *testing.T, open Opener) {
	s, other := open(t), open(t)
	secret, id, key := NewToken(t, s)
	good, _, goodKey := NewToken(t, s)
	if valid, err := other.Open(t.Context(), "a", key, epoch); err != nil || !valid {
		t.Errorf("before: %v, %v", valid, err)
	}
	for i := range 2 { // the second time changes nothing
		token, err := other.RevokeToken(t.Context(), id, epoch.Add(time.Duration(1+i)*time.Second))
		if err != nil || token.ID != id || !token.Revoked.Equal(epoch.Add(time.Second)) ||
			token.Label != "a test" || !token.Created.Equal(epoch) || token.State(epoch) != "revoked" {
			t.Errorf("revoked: %+v, %v", token, err)
		}
	}
	claim := intake.Claim{AgentID: "a", Token: secret, Now: epoch}
	if _, err := s.Admit(t.Context(), claim); !errors.Is(err, intake.ErrBadToken) || err.Error() != intake.ErrBadToken.Error() {
		t.Errorf("admit: %v", err)
	}
	if valid, err := s.Open(t.Context(), "a", key, epoch); err != nil || valid {
		t.Errorf("after: %v, %v", valid, err)
	}
	claim.Token = good
	if got, err := s.Admit(t.Context(), claim); err != nil || got.Access != goodKey {
		t.Errorf("the other token: %+v, want %+v, %v", got, goodKey, err)
	}
	for _, id := range []string{"", "nope", id + "0", strings.Repeat("0", 1<<20), "%", "' OR 1=1"} {
		if _, err := s.RevokeToken(t.Context(), id, epoch); !errors.Is(err, intake.ErrNoSuchToken) {
			t.Errorf("id %.20q: %v", id, err)
		}
	}
}

func testUnknownTokens(t *testing.T, open Opener) {
	s := open(t)
	claim := intake.Claim{AgentID: "a", Now: epoch}
	if _, err := s.Admit(t.Context(), claim); !errors.Is(err, intake.ErrBadToken) {
		t.Errorf("of an empty store: %v", err)
	}
	secret, id, key := NewToken(t, s)
	for _, wrong := range []string{
		"", "x", secret[1:], secret + "x", secret + "\x00", strings.ToUpper(secret), id, strings.Repeat(secret, 1<<14), "\xff", "%", "' OR 1=1",
	} {
		claim.Token = wrong
		if _, err := s.Admit(t.Context(), claim); !errors.Is(err, intake.ErrBadToken) {
			t.Errorf("%.20q: %v", wrong, err)
		}
	}
	for _, wrong := range []intake.Access{{}, {Token: key.Token + 1}, {Token: 1 << 40}, {Token: -1},
		{Registration: 1}, {Registration: -1}} {
		if valid, err := s.Open(t.Context(), "a", wrong, epoch); err != nil || valid {
			t.Errorf("access %+v: %v, %v", wrong, valid, err)
		}
	}
	claim.Token = secret
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Admit(ctx, claim); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := s.Open(ctx, "a", key, epoch); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
