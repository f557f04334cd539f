package endtoend

import (
	"crypto/tls"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/transport/receipt"
)

// The tests of this file are attacks by a host that is enrolled, or that was, on another one. Each is
// carried out against a server with a store on disk, and each one worked while a token was all that an
// agent needed.

const secretOfA = "the-password-of-host-a"

// enrolled is a server with two hosts, a and b, that enrolled with keys 1 and 2; a has a schedule with a
// password in it, and one result.
func enrolled(t *testing.T, change ...func(*server.Options)) (s *site, addr string) {
	t.Helper()
	s = newSite(t)
	checks := fmt.Sprintf("- {id: db, type: agent.mysql, details: {username: virgo, password: %s}}\n", secretOfA)
	write(t, filepath.Join(s.dir.SchedulesDir(), "a.yaml"), checks)
	addr, _ = s.start(t, change...)
	token := s.enrolToken(t, 2)
	for n, agent := range map[byte]string{1: "a", 2: "b"} {
		p := s.dial(t, addr)
		if g := p.Enter(agent, token, peertest.Key(n), 1); !g.Registered {
			t.Fatalf("%s did not enrol: %+v", agent, g)
		}
		p.OK(agent, "check_metrics.post", peertest.Metric(receipt.ID(agent, 1, 1), "c"))
	}
	return s, addr
}

func (s *site) enrolToken(t testing.TB, uses int) string {
	t.Helper()
	return s.addToken(t, intake.TokenSpec{Kinds: intake.Enrol, Uses: uses, Expires: time.Now().Add(24 * time.Hour)})
}

// identity returns what is stored about an agent.
func (s *site) identity(t testing.TB, agent string) intake.Identity {
	t.Helper()
	list, err := s.store(t).Agents(t.Context(), agent)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 {
		return intake.Identity{}
	}
	return list[0].Who
}

// wantOnlyOwn fails if a result is stored that its agent did not post itself.
func (s *site) wantOnlyOwn(t testing.TB) {
	t.Helper()
	err := s.store(t).Results(t.Context(), intake.Filter{}, func(r intake.Result) error {
		if !strings.HasPrefix(r.ResultID, r.AgentID+"/") {
			t.Errorf("agent %s has result %s", r.AgentID, r.ResultID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for id, n := range s.stored(t) {
		if n != 1 {
			t.Errorf("%s is stored %d times", id, n)
		}
	}
}

// Host b has a key of its own, tokens of every kind, and may even be an agent of the existing protocol: it
// does not get a session of a, so neither a's schedule with its secrets, nor a place for a result.
func TestHostCannotSayHelloAsAnother(t *testing.T) {
	s, addr := enrolled(t)
	b, unused := peertest.Key(2), peertest.Key(3)
	for _, token := range []string{
		s.enrolToken(t, 5), s.token, s.addToken(t, intake.TokenSpec{Kinds: intake.Relay}), "", "virgo_guess",
		s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy | intake.Enrol, AgentIDs: []string{"a"}}),
	} {
		p := s.dial(t, addr)
		p.Denied("otherKey", "a", "handshake.hello", p.KeyHello("a", token, b, 2))
		p = s.dial(t, addr)
		p.Denied("otherKey", "a", "handshake.hello", p.KeyHello("a", token, unused, 2))
		p = s.dial(t, addr)
		p.Denied("keyRequired", "a", "handshake.hello", peertest.Hello("a", token))
		// a's public key is no secret; its proofs are b's own, or none.
		p = s.dial(t, addr)
		public := peertest.Public(peertest.Key(1))
		p.Denied("proofFailed", "a", "handshake.hello", peertest.KeyParams("a", token, public, 2, p.Proof(b, "a", 2)))
		p.Denied("keyRequired", "a", "handshake.hello", peertest.KeyParams("a", token, public, 2, ""))
		// No session was opened on the way.
		for _, method := range []string{"check_schedule.get", "heartbeat.post"} {
			if r := p.Call("a", method, "{}"); r.Error == nil || strings.Contains(string(r.Result), secretOfA) {
				t.Errorf("%s: %s", method, r.Result)
			}
		}
	}
	s.wantOnlyOwn(t)
	if o := s.identity(t, "a"); !o.Key.Equal(peertest.Key(1).Public()) || o.OtherKeys.Count == 0 ||
		o.OtherKeys.From != "127.0.0.1" || len(o.Warnings(time.Now())) != 1 {
		t.Errorf("a is not reported: %+v", o)
	}
}

// A proof that was made for another connection, another agent or another session is worth nothing. b sees
// proofs of a where it is a's endpoint as well, or reads along before something that ends TLS.
func TestHostCannotUseAProofAgain(t *testing.T) {
	s, addr := enrolled(t)
	a, public := peertest.Key(1), peertest.Public(peertest.Key(1))
	recorded := s.dial(t, addr)
	proof := recorded.Proof(a, "a", 2)
	recorded.OK("a", "handshake.hello", peertest.KeyParams("a", "", public, 2, proof))

	p := s.dial(t, addr)
	p.Denied("proofFailed", "a", "handshake.hello", peertest.KeyParams("a", "", public, 2, proof))
	p.Denied("proofFailed", "a", "handshake.hello", peertest.KeyParams("a", "", public, 3, p.Proof(a, "a", 2)))
	p = s.dial(t, addr)
	p.Denied("proofFailed", "a", "handshake.hello", peertest.KeyParams("a", "", public, 2, p.Proof(a, "b", 2)))
	for _, damaged := range []string{"x", proof[:87] + "A", strings.ToLower(proof), strings.Repeat("A", 88)} {
		p = s.dial(t, addr)
		p.Denied("proofFailed", "a", "handshake.hello", peertest.KeyParams("a", "", public, 2, damaged))
	}
}

// The frame's source is not who the agent is: a session of b that calls itself a is b's.
func TestHostCannotPostAsAnother(t *testing.T) {
	s, addr := enrolled(t)
	p := s.dial(t, addr)
	p.OK("a", "handshake.hello", p.KeyHello("b", "", peertest.Key(2), 2))
	if got := p.OK("a", "check_schedule.get", "{}"); strings.Contains(got, secretOfA) {
		t.Errorf("b got a's schedule: %s", got)
	}
	p.OK("a", "check_metrics.post", peertest.Metric(receipt.ID("b", 1, 2), "c"))
	p.Refused(401, "b", "check_metrics.post", peertest.Metric(receipt.ID("b", 1, 3), "c"))
	s.wantOnlyOwn(t)
}

// Ids of results belong to their agent: b cannot take those that a will use, so that a's own results would
// be copies.
func TestHostCannotTakeResultIDs(t *testing.T) {
	s, addr := enrolled(t)
	b := s.dial(t, addr)
	b.Enter("b", "", peertest.Key(2), 2)
	next := receipt.ID("a", 1, 2)
	b.OK("b", "check_metrics.post", strings.Replace(peertest.Metric(next, "c"), "success", "forged", 1))
	a := s.dial(t, addr)
	a.Enter("a", "", peertest.Key(1), 2)
	a.OK("a", "check_metrics.post", peertest.Metric(next, "c"))
	found := 0
	err := s.store(t).Results(t.Context(), intake.Filter{AgentID: "a"}, func(r intake.Result) error {
		if r.ResultID == next && r.Status == "success" {
			found++
		}
		if r.Status == "forged" {
			t.Errorf("of a: %+v", r)
		}
		return nil
	})
	if err != nil || found != 1 {
		t.Errorf("a's result is stored %d times, %v", found, err)
	}
}

// A receipt makes a host delete results. b gets none for a, whether it asks by name or in a's place.
func TestHostCannotGetReceiptsOfAnother(t *testing.T) {
	s, addr := enrolled(t)
	p := s.dial(t, addr)
	p.Enter("b", "", peertest.Key(2), 2)
	ask := `{"agent_id":%q,"bundle":"000102030405060708090a0b0c0d0e0f","ranges":["0000000000000001-1-1"]}`
	if text := p.Refused(400, "b", "results.receipt", fmt.Sprintf(ask, "a")); !strings.Contains(text, `own agent "b"`) {
		t.Error(text)
	}
	p.OK("b", "results.receipt", fmt.Sprintf(ask, "b"))
	p.Refused(401, "a", "results.receipt", fmt.Sprintf(ask, "a"))
}

// A proof is good on every connection that has an exporter, also where TLS resumed a session.
func TestProofsOverEveryTLS(t *testing.T) {
	s, addr := enrolled(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := s.clientTLS()
		cfg.MinVersion, cfg.MaxVersion, cfg.ClientSessionCache = version, version, tls.NewLRUClientSessionCache(1)
		for i := range 3 {
			p := peertest.Dial(t, addr, cfg)
			if g := p.Enter("a", "", peertest.Key(1), uint64(2+i)); !g.Registered {
				t.Errorf("version %x: %+v", version, g)
			}
			if state := p.Conn.ConnectionState(); state.DidResume != (i > 0) {
				t.Errorf("version %x, connection %d: resumed %v", version, i, state.DidResume)
			}
			p.Conn.Close()
		}
	}
}
