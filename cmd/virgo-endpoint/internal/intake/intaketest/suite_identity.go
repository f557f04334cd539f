package intaketest

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Key returns the public key of a made-up agent, another one for each n.
func Key(n byte) ed25519.PublicKey {
	return ed25519.NewKeyFromSeed(slices.Repeat([]byte{n}, ed25519.SeedSize)).Public().(ed25519.PublicKey)
}

// claim is a hello with a proven key.
func claim(agent, token string, key byte, session uint64) intake.Claim {
	return intake.Claim{AgentID: agent, Token: token, Key: Key(key), Proven: true, Session: session, Remote: "192.0.2.1:999", Now: epoch}
}

func admit(t *testing.T, s Store, c intake.Claim) intake.Admission {
	t.Helper()
	a, err := s.Admit(t.Context(), c)
	if err != nil {
		t.Fatalf("agent %q: %v", c.AgentID, err)
	}
	return a
}

func refused(t *testing.T, s Store, want error, c intake.Claim) string {
	t.Helper()
	a, err := s.Admit(t.Context(), c)
	if !errors.Is(err, want) || a != (intake.Admission{}) {
		t.Fatalf("agent %q: %+v, %v; want %v", c.AgentID, a, err, want)
	}
	return err.Error()
}

func identity(t *testing.T, s Store, agent string) intake.Identity {
	t.Helper()
	list, err := s.Agents(t.Context(), agent)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return intake.Identity{}
	}
	return list[0].Who
}

// hello is the arrival of an admitted hello.
func hello(c intake.Claim, a intake.Admission) intake.Arrival {
	return intake.Arrival{AgentID: c.AgentID, Access: a.Access, Received: c.Now,
		Hello: &intake.Hello{Remote: c.Remote, Session: c.Session}}
}

// The first hello with a token registers the key and uses the token up; after that the key is all that
// counts, with whatever token.
func testEnrolment(t *testing.T, open Opener) {
	s := open(t)
	spec := enrolOnce()
	spec.Group = "web"
	secret, token := addToken(t, s, spec)
	first := admit(t, s, claim("a", secret, 1, 5))
	if !first.Registered || !first.Enrolled || first.TokenID != token.ID || first.Relay || first.LastSession != 0 ||
		first.Access.Registration == 0 || first.Access.Token != 0 {
		t.Errorf("first: %+v", first)
	}
	// The answer was lost: the same again, through another opening, and without a token.
	for _, again := range []intake.Claim{claim("a", secret, 1, 5), claim("a", "", 1, 6), claim("a", "nonsense", 1, 7)} {
		if a := admit(t, open(t), again); a.Access != first.Access || !a.Registered || a.Enrolled || a.TokenID != token.ID {
			t.Errorf("again: %+v", a)
		}
	}
	list, err := s.Tokens(t.Context())
	if err != nil || list[0].UsesLeft != 0 || !list[0].LastUsed.Equal(epoch) || list[0].State(epoch) != "used up" {
		t.Errorf("%+v, %v", list, err)
	}
	i := identity(t, s, "a")
	if !i.Key.Equal(Key(1)) || !i.Registered.Equal(epoch) || i.From != "192.0.2.1:999" || i.TokenID != token.ID ||
		i.Group != "web" || i.Relay || i.Known || !i.Revoked.IsZero() || i.Sessions.Last != 0 {
		t.Errorf("%+v", i)
	}
	refused(t, s, intake.ErrNotEnrolled, claim("b", secret, 2, 1))
	if i := identity(t, s, "b"); i.AgentID != "" {
		t.Errorf("after a refused hello: %+v", i)
	}
	// No other hello is accepted for the id, whatever its token.
	other, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Enrol})
	legacy, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"a"}})
	for _, secret := range []string{secret, other, legacy, "", "nonsense"} {
		text := refused(t, s, intake.ErrOtherKey, claim("a", secret, 2, 9))
		if !strings.Contains(text, "virgo-endpoint agents reset a ") || strings.Contains(text, "nonsense") {
			t.Error(text)
		}
		// It is told of the other key with or without a proof, and of the proof only with the right key.
		unproven := claim("a", secret, 2, 9)
		unproven.Proven = false
		refused(t, s, intake.ErrOtherKey, unproven)
		unproven.Key = Key(1)
		refused(t, s, intake.ErrProofFailed, unproven)
		text = refused(t, s, intake.ErrKeyRequired, intake.Claim{AgentID: "a", Token: secret, Now: epoch})
		if !strings.Contains(text, "virgo-endpoint agents reset a ") {
			t.Error(text)
		}
	}
	// One key is one agent.
	if text := refused(t, s, intake.ErrKeyElsewhere, claim("b", other, 1, 1)); !strings.Contains(text, `"a"`) {
		t.Error(text)
	}
}

// What a token is not for, it does not do.
func testTokensOfEnrolment(t *testing.T, open Opener) {
	s := open(t)
	named, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Enrol, AgentIDs: []string{"a", "b"}, Uses: 2})
	if text := refused(t, s, intake.ErrNotEnrolled, claim("c", named, 3, 1)); !strings.Contains(text, "for other agents") {
		t.Error(text)
	}
	unproven := claim("a", named, 1, 1)
	unproven.Proven = false
	refused(t, s, intake.ErrProofFailed, unproven)
	for _, unknown := range []string{"", "nonsense"} {
		if text := refused(t, s, intake.ErrNotEnrolled, claim("c", unknown, 3, 1)); strings.Contains(text, "nonsense") {
			t.Error(text)
		}
	}
	admit(t, s, claim("a", named, 1, 1))
	admit(t, s, claim("b", named, 2, 1))
	if err := s.ResetAgent(t.Context(), "b"); err != nil {
		t.Fatal(err)
	}
	if text := refused(t, s, intake.ErrNotEnrolled, claim("b", named, 2, 1)); !strings.Contains(text, "used up") {
		t.Error(text)
	}

	short, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Enrol, Expires: epoch.Add(time.Hour)})
	late := claim("c", short, 3, 1)
	late.Now = epoch.Add(time.Hour)
	if text := refused(t, s, intake.ErrNotEnrolled, late); !strings.Contains(text, "expired at 2023-11-14T23:13:20Z") {
		t.Error(text)
	}
	late.Now = epoch.Add(time.Hour - time.Millisecond)
	admit(t, s, late)

	// An agent without a key does not enrol, and is told what it needs.
	old := intake.Claim{AgentID: "web1", Now: epoch}
	old.Token, _ = addToken(t, s, enrolOnce())
	if text := refused(t, s, intake.ErrKeyRequired, old); !strings.Contains(text, "--kind legacy --id web1") {
		t.Error(text)
	}
	admit(t, s, claim("web1", old.Token, 4, 1)) // and nothing was used up

	relay, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Relay, Uses: 1})
	if a := admit(t, s, claim("r", relay, 5, 1)); !a.Relay || !a.Registered {
		t.Errorf("relay: %+v", a)
	}
	if a := admit(t, s, claim("r", "", 5, 2)); !a.Relay || !identity(t, s, "r").Relay {
		t.Errorf("relay again: %+v", a)
	}
}

// A legacy token serves the ids that it names, until they have keys.
func testLegacyTokens(t *testing.T, open Opener) {
	s := open(t)
	secret, token := addToken(t, s, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"a", "b"}, Expires: epoch.Add(time.Hour)})
	old := func(agent string) intake.Claim { return intake.Claim{AgentID: agent, Token: secret, Now: epoch} }
	a := admit(t, s, old("a"))
	if a.Registered || a.Access.Registration != 0 || a.Access.Token == 0 || a.TokenID != token.ID {
		t.Errorf("%+v", a)
	}
	// One that has a key is served as well, but the key is not registered.
	for _, proven := range []bool{false, true} { // behind something that ends TLS too
		c := claim("b", secret, 2, 1)
		c.Proven = proven
		if b := admit(t, s, c); b.Registered || b.Access != a.Access || b.Problem == "" {
			t.Errorf("with a key, proven %v: %+v", proven, b)
		}
	}
	refused(t, s, intake.ErrBadToken, old("c"))
	put(t, s, arrival(a.Access, "a", "1"), arrival(a.Access, "b", "1"))
	outcomes, err := s.Append(t.Context(), []intake.Arrival{arrival(a.Access, "c", "1")})
	if err != nil || !errors.Is(outcomes[0].Err, intake.ErrBadToken) {
		t.Errorf("another agent's result: %+v, %v", outcomes, err)
	}
	late := arrival(a.Access, "a", "2")
	late.Received = epoch.Add(time.Hour)
	if outcomes, err := s.Append(t.Context(), []intake.Arrival{late}); err != nil || !errors.Is(outcomes[0].Err, intake.ErrBadToken) {
		t.Errorf("after its end: %+v, %v", outcomes, err)
	}
	// A key is registered: the session of before is over.
	if _, err := open(t).AddKey(t.Context(), "a", Key(1), epoch); err != nil {
		t.Fatal(err)
	}
	refused(t, s, intake.ErrKeyRequired, old("a"))
	if ok, err := s.Open(t.Context(), "a", a.Access, epoch); err != nil || ok {
		t.Errorf("its session: %v, %v", ok, err)
	}
	if ok, err := s.Open(t.Context(), "b", a.Access, epoch); err != nil || !ok {
		t.Errorf("the other's session: %v, %v", ok, err)
	}
	outcomes, err = s.Append(t.Context(), []intake.Arrival{arrival(a.Access, "a", "3"), arrival(a.Access, "b", "3")})
	if err != nil || !errors.Is(outcomes[0].Err, intake.ErrBadToken) || outcomes[1].Err != nil {
		t.Errorf("%+v, %v", outcomes, err)
	}
}

// What a person does to an agent has effect at once, in other openings too.
func testRevokedAgents(t *testing.T, open Opener) {
	s, other := open(t), open(t)
	secret, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Enrol})
	wantOpen := func(access intake.Access, want bool) {
		t.Helper()
		if ok, err := s.Open(t.Context(), "a", access, epoch); err != nil || ok != want {
			t.Errorf("open %v, %v; want %v", ok, err, want)
		}
		outcomes, err := s.Append(t.Context(), []intake.Arrival{arrival(access, "a", fmt.Sprint(want))})
		if err != nil || (outcomes[0].Err == nil) != want || !want && !errors.Is(outcomes[0].Err, intake.ErrRevoked) {
			t.Errorf("append: %+v, %v", outcomes, err)
		}
	}
	first := admit(t, s, claim("a", secret, 1, 1))
	wantOpen(first.Access, true)
	if ok, err := s.Open(t.Context(), "b", first.Access, epoch); err != nil || ok {
		t.Errorf("for another agent: %v, %v", ok, err)
	}
	for i := range 2 {
		if err := other.RevokeAgent(t.Context(), "a", epoch.Add(time.Duration(i)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if i := identity(t, s, "a"); !i.Revoked.Equal(epoch) || !i.Key.Equal(Key(1)) {
		t.Errorf("%+v", i)
	}
	wantOpen(first.Access, false)
	refused(t, s, intake.ErrRevoked, claim("a", secret, 1, 2))
	refused(t, s, intake.ErrRevoked, claim("a", secret, 2, 2))
	refused(t, s, intake.ErrRevoked, intake.Claim{AgentID: "a", Token: secret, Now: epoch})
	if _, err := s.AddKey(t.Context(), "a", Key(2), epoch); !errors.Is(err, intake.ErrRevoked) {
		t.Error(err)
	}
	if err := other.ResetAgent(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	wantOpen(first.Access, false)
	second := admit(t, s, claim("a", secret, 2, 1))
	if second.Access == first.Access || !second.Enrolled {
		t.Errorf("%+v", second)
	}
	wantOpen(first.Access, false)
	wantOpen(second.Access, true)

	if err := other.RemoveAgent(t.Context(), "a", epoch); err != nil {
		t.Fatal(err)
	}
	wantOpen(second.Access, false)
	if i := identity(t, s, "a"); !i.Removed.Equal(epoch) || i.Key != nil {
		t.Errorf("removed, with results: %+v", i)
	}
	third := admit(t, s, claim("a", secret, 2, 1)) // a valid token enrols it again
	put(t, s, hello(claim("a", secret, 2, 1), third))
	if i := identity(t, s, "a"); !i.Removed.IsZero() {
		t.Errorf("%+v", i)
	}
	admit(t, s, claim("b", secret, 3, 1))
	if err := other.RemoveAgent(t.Context(), "b", epoch); err != nil || identity(t, s, "b").AgentID != "" {
		t.Errorf("removed, without results: %v", err)
	}
	for _, f := range []func(id string) error{
		func(id string) error { return s.RevokeAgent(t.Context(), id, epoch) },
		func(id string) error { return s.ResetAgent(t.Context(), id) },
		func(id string) error { return s.RemoveAgent(t.Context(), id, epoch) },
		func(id string) error { return s.RenameAgent(t.Context(), id, "x") },
	} {
		for _, id := range []string{"", "nobody", "%", "' OR 1=1"} {
			if err := f(id); !errors.Is(err, intake.ErrNoSuchAgent) {
				t.Errorf("%q: %v", id, err)
			}
		}
	}
}

func testAddedKeys(t *testing.T, open Opener) {
	s := open(t)
	for range 2 {
		i, err := open(t).AddKey(t.Context(), "a", Key(1), epoch)
		if err != nil || i.AgentID != "a" || !i.Key.Equal(Key(1)) || !i.Registered.Equal(epoch) || i.TokenID != "" || i.From != "" {
			t.Fatalf("%+v, %v", i, err)
		}
	}
	if _, err := s.AddKey(t.Context(), "a", Key(2), epoch); !errors.Is(err, intake.ErrOtherKey) {
		t.Error(err)
	}
	if _, err := s.AddKey(t.Context(), "b", Key(1), epoch); !errors.Is(err, intake.ErrKeyElsewhere) {
		t.Error(err)
	}
	for _, bad := range []struct {
		id  string
		key ed25519.PublicKey
	}{{"", Key(3)}, {"\x1b", Key(3)}, {"c", nil}, {"c", Key(3)[1:]}} {
		if _, err := s.AddKey(t.Context(), bad.id, bad.key, epoch); err == nil {
			t.Errorf("%q, %d bytes: registered", bad.id, len(bad.key))
		}
	}
	// It needs no token. Until it was there, it was never seen.
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 1 || !list[0].LastSeen.IsZero() {
		t.Errorf("%+v, %v", list, err)
	}
	c := claim("a", "", 1, 1)
	put(t, s, hello(c, admit(t, s, c)))
	if list, err := s.Agents(t.Context(), ""); err != nil || len(list) != 1 || !list[0].LastSeen.Equal(epoch) {
		t.Errorf("%+v, %v", list, err)
	}
}

// A renamed agent keeps its key, its results and its token.
func testRenamedAgents(t *testing.T, open Opener) {
	s := open(t)
	secret, _ := addToken(t, s, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"a", "b"}})
	legacy := admit(t, s, intake.Claim{AgentID: "a", Token: secret, Now: epoch})
	put(t, s, arrival(legacy.Access, "a", "1"), arrival(legacy.Access, "b", "1"))
	if err := s.RenameAgent(t.Context(), "a", "b"); !errors.Is(err, intake.ErrAgentExists) {
		t.Error(err)
	}
	if err := s.RenameAgent(t.Context(), "a", "\x1b"); err == nil {
		t.Error("renamed to an escape")
	}
	if err := open(t).RenameAgent(t.Context(), "a", "c"); err != nil {
		t.Fatal(err)
	}
	if r := Results(t, s, intake.Filter{AgentID: "c"}); len(r) != 1 || len(Results(t, s, intake.Filter{AgentID: "a"})) != 0 {
		t.Errorf("%+v", r)
	}
	refused(t, s, intake.ErrBadToken, intake.Claim{AgentID: "a", Token: secret, Now: epoch})
	admit(t, s, intake.Claim{AgentID: "c", Token: secret, Now: epoch})

	if _, err := s.AddKey(t.Context(), "c", Key(1), epoch); err != nil {
		t.Fatal(err)
	}
	open1 := admit(t, s, claim("c", "", 1, 1))
	if err := s.RenameAgent(t.Context(), "c", "d"); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.Open(t.Context(), "c", open1.Access, epoch); err != nil || ok {
		t.Errorf("its session under the old id: %v, %v", ok, err)
	}
	// The host still says the old id: it is told the new one.
	if text := refused(t, s, intake.ErrKeyElsewhere, claim("c", "", 1, 2)); !strings.Contains(text, `"d"`) {
		t.Error(text)
	}
	if a := admit(t, s, claim("d", "", 1, 3)); a.Access != open1.Access {
		t.Errorf("%+v", a)
	}
}
