package endtoend

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
)

// A client certificate is for one agent, whatever key its host has besides; a relay's is for all, if the
// owner says so or the relay has proven its key.
func TestHostCannotUseItsCertificateForAnother(t *testing.T) {
	s := newSite(t)
	st := s.store(t)
	for n, agent := range map[byte]string{1: "a", 2: "b"} {
		if _, err := st.AddKey(t.Context(), agent, public(n), time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	write(t, s.dir.ClientIDsFile(), "mapped: [a]\nall: any\n")
	addr, _ := s.start(t, func(o *server.Options) {
		if err := folder.RequireClients(o.TLS, s.dir.CAFile()); err != nil {
			t.Fatal(err)
		}
		ids, err := folder.LoadClientIDs(s.dir.ClientIDsFile(), true, o.Log)
		if err != nil {
			t.Fatal(err)
		}
		o.Clients = ids
	})
	with := func(name string) *peertest.Peer {
		t.Helper()
		files, err := folder.MakeClient(s.dir, name, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			t.Fatal(err)
		}
		cfg := s.clientTLS()
		cfg.Certificates = []tls.Certificate{pair}
		return peertest.Dial(t, addr, cfg)
	}
	for _, test := range []struct {
		name, agent string
		good        bool
	}{
		{"a", "a", true}, {"b", "a", false}, {"stranger", "a", false}, {"mapped", "a", true}, {"mapped", "b", false},
		{"mapped", "mapped", false}, {"all", "a", true}, {"all", "b", true},
	} {
		p := with(test.name)
		params := p.KeyHello(test.agent, "", peertest.Key(map[string]byte{"a": 1, "b": 2, "mapped": 3}[test.agent]), 2)
		if test.good {
			p.OK(test.agent, "handshake.hello", params)
			continue
		}
		if text := p.Refused(403, test.agent, "handshake.hello", params); !strings.Contains(text, test.name) {
			t.Error(text)
		}
	}
	// A relay with a certificate of its own name, and behind it agents of the existing protocol.
	legacy := s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"old"}})
	relay := s.addToken(t, intake.TokenSpec{Kinds: intake.Relay, Uses: 1})
	p := with("relay")
	p.Refused(403, "old", "handshake.hello", peertest.Hello("old", legacy))
	p.Enter("relay", relay, peertest.Key(4), 1)
	p.Hello("old", legacy)
	p.OK("old", "check_metrics.post", peertest.Metric("old/0000000000000001-1", "c"))
	// It carries agents, it is not them: one that has a key it cannot be.
	p.Denied("otherKey", "a", "handshake.hello", p.KeyHello("a", legacy, peertest.Key(4), 1))
}

// A copied state folder has the same key, so both hosts are served; after a few turns they are reported,
// with both addresses, and each is told the last number.
func TestHostCannotCopyAnotherUnnoticed(t *testing.T) {
	var log lockedLog
	s, addr := enrolled(t, func(o *server.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	a := peertest.Key(1)
	last := [2]uint64{1, 1} // what each of them has in its state folder
	for turn := range 8 {
		host := turn % 2
		last[host]++
		p := s.dialFrom(t, addr, []string{"127.0.0.1", "127.0.0.2"}[host])
		if g := p.Enter("a", "", a, last[host]); turn > 0 && g.LastSession != last[host] {
			t.Fatalf("turn %d: session %d is told %d", turn, last[host], g.LastSession)
		} else if turn > 0 {
			last[host]++ // goes on after it, with the next connection of the same run
			p = s.dialFrom(t, addr, []string{"127.0.0.1", "127.0.0.2"}[host])
			p.Enter("a", "", a, last[host])
		}
		p.OK("a", "check_metrics.post", peertest.Metric("", "c"))
	}
	i := s.identity(t, "a")
	warnings := i.Warnings(time.Now())
	if len(warnings) != 1 || warnings[0].Type != "twoHosts" || !strings.Contains(warnings[0].Text, "127.0.0.1") ||
		!strings.Contains(warnings[0].Text, "127.0.0.2") {
		t.Errorf("%+v: %+v", i.Sessions, warnings)
	}
	if !strings.Contains(log.String(), `msg="two hosts use an agent's key"`) || !strings.Contains(log.String(), "agent=a") {
		t.Errorf("the log:\n%s", log.String())
	}
	// The same host that falls back, for want of disk or after a snapshot, is not reported.
	for range 8 {
		p := s.dial(t, addr)
		p.Enter("b", "", peertest.Key(2), 1)
		p.OK("b", "check_metrics.post", peertest.Metric("", "c"))
	}
	if i := s.identity(t, "b"); i.Sessions.Falls < 7 || len(i.Warnings(time.Now())) != 0 {
		t.Errorf("%+v", i)
	}
}

// A revoked agent's open session ends with its next request, whichever it is; the revocation is made by
// another process, through a store of its own.
func TestHostCannotGoOnAfterRevocation(t *testing.T) {
	requests := map[string]string{
		"check_metrics.post":         peertest.Metric("a/0000000000000001-9", "c"),
		"check_schedule.get":         "{}",
		"results.receipt":            `{"agent_id":"a","ranges":[]}`,
		"heartbeat.post":             "null",
		"bundle_upgrade.get_version": "{}",
		"config_file.post":           "{}",
	}
	for name, end := range map[string]func(t *testing.T, st intake.Keys) error{
		"revoke": func(t *testing.T, st intake.Keys) error { return st.RevokeAgent(t.Context(), "a", time.Now()) },
		"reset":  func(t *testing.T, st intake.Keys) error { return st.ResetAgent(t.Context(), "a") },
		"remove": func(t *testing.T, st intake.Keys) error { return st.RemoveAgent(t.Context(), "a", time.Now()) },
		"rename": func(t *testing.T, st intake.Keys) error { return st.RenameAgent(t.Context(), "a", "c") },
	} {
		t.Run(name, func(t *testing.T) {
			s, addr := enrolled(t)
			open := map[string]*peertest.Peer{}
			for method := range requests {
				p := s.dial(t, addr)
				p.Enter("a", "", peertest.Key(1), 2)
				p.OK("a", "heartbeat.post", "null")
				open[method] = p
			}
			if err := end(t, s.store(t)); err != nil {
				t.Fatal(err)
			}
			for method, params := range requests {
				text := open[method].Denied("revoked", "a", method, params)
				if strings.Contains(text, secretOfA) {
					t.Error(text)
				}
				open[method].Ended()
			}
			if n := s.stored(t)["a/0000000000000001-9"]; n != 0 {
				t.Errorf("%d results were stored", n)
			}
			p := s.dial(t, addr)
			want := map[string]string{"revoke": "revoked", "reset": "notEnrolled", "remove": "notEnrolled", "rename": "otherKey"}
			p.Denied(want[name], "a", "handshake.hello", p.KeyHello("a", "", peertest.Key(1), 3))
		})
	}
}

// A token enrols as many hosts as it says, until it ends, under the ids that it names; a host that was told
// one may not use it for another id.
func TestHostCannotUseATokenForMore(t *testing.T) {
	s := newSite(t)
	now := time.Now()
	clock := &now
	addr, _ := s.start(t, func(o *server.Options) { o.Now = func() time.Time { return *clock } })
	token := s.enrolToken(t, 1)
	p := s.dial(t, addr)
	p.Enter("a", token, peertest.Key(1), 1)
	p = s.dial(t, addr)
	if text := p.Denied("notEnrolled", "b", "handshake.hello", p.KeyHello("b", token, peertest.Key(2), 1)); !strings.Contains(text, "used up") {
		t.Error(text)
	}
	named := s.addToken(t, intake.TokenSpec{Kinds: intake.Enrol, Uses: 2, AgentIDs: []string{"web1"}})
	if text := p.Denied("notEnrolled", "db1", "handshake.hello", p.KeyHello("db1", named, peertest.Key(3), 1)); !strings.Contains(text, "for other agents") {
		t.Error(text)
	}
	p = s.dial(t, addr)
	p.Denied("keyRequired", "web1", "handshake.hello", peertest.Hello("web1", named)) // without a key it is of no use

	p = s.dial(t, addr)
	short := s.enrolToken(t, 5)
	now = now.Add(25 * time.Hour)
	if text := p.Denied("notEnrolled", "c", "handshake.hello", p.KeyHello("c", short, peertest.Key(4), 1)); !strings.Contains(text, "expired") {
		t.Error(text)
	}
	if list, err := s.store(t).Agents(t.Context(), ""); err != nil || len(list) != 1 || list[0].ID != "a" {
		t.Errorf("%+v, %v", list, err)
	}
}

// The answer to an enrolment is lost: the host says hello again and is in, with nothing used up. Nobody
// else gets in through the same door.
func TestLostAnswerOfAnEnrolment(t *testing.T) {
	s := newSite(t)
	addr, stop := s.start(t)
	token := s.enrolToken(t, 1)
	a := peertest.Key(1)
	for range 3 { // cut off before the answer
		p := s.dial(t, addr)
		p.Send("a", "handshake.hello", p.KeyHello("a", token, a, 1))
		p.Conn.NetConn().Close()
	}
	stop() // whatever was read is done
	addr, _ = s.start(t)
	p := s.dial(t, addr)
	if g := p.Enter("a", token, a, 2); !g.Registered {
		t.Errorf("%+v", g)
	}
	p = s.dial(t, addr)
	p.Denied("otherKey", "a", "handshake.hello", p.KeyHello("a", token, peertest.Key(2), 1))
	p.Denied("notEnrolled", "b", "handshake.hello", p.KeyHello("b", token, peertest.Key(2), 1))
	list, err := s.store(t).Tokens(t.Context())
	if err != nil || list[1].UsesLeft != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// An enrolment that was answered survives kill -9, with the use of its token.
func TestEnrolmentSurvivesAKill(t *testing.T) {
	s := newSite(t)
	token := s.enrolToken(t, 1)
	server := s.run(t, "", 0)
	p := s.dial(t, server.addr)
	p.Enter("a", token, peertest.Key(1), 1)
	if err := server.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	server.wait(t)
	if i := s.identity(t, "a"); !i.Key.Equal(public(1)) {
		t.Errorf("%+v", i)
	}
	addr, _ := s.start(t)
	p = s.dial(t, addr)
	p.Denied("notEnrolled", "b", "handshake.hello", p.KeyHello("b", token, peertest.Key(2), 1))
	p.Enter("a", "", peertest.Key(1), 2)
}

// An agent of an older version, on a host that has registered a key, is told which command lets it in again.
func TestDowngradedAgentIsToldTheWayBack(t *testing.T) {
	s, addr := enrolled(t)
	p := s.dial(t, addr)
	text := p.Denied("keyRequired", "a", "handshake.hello", peertest.Hello("a", s.enrolToken(t, 1)))
	if !strings.Contains(text, "virgo-endpoint agents reset a ") {
		t.Error(text)
	}
	// The way back: reset, and a token for an agent without a key.
	if err := s.store(t).ResetAgent(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	p.Hello("a", s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"a"}}))
	p.OK("a", "check_metrics.post", peertest.Metric("a/0000000000000002-1", "c"))
}

// Something that ends TLS between agent and endpoint cannot pass a proof on: it has another connection. An
// agent of before goes on with its token, and is told why its key is not registered.
func TestBalancerThatEndsTLS(t *testing.T) {
	s, addr := enrolled(t)
	agent, balancer := s.dial(t, addr), s.dial(t, addr)
	a, b := peertest.Key(1), peertest.Public(peertest.Key(3))
	text := balancer.Denied("proofFailed", "a", "handshake.hello",
		peertest.KeyParams("a", "", peertest.Public(a), 2, agent.Proof(a, "a", 2)))
	if !strings.Contains(text, "pass TCP through") {
		t.Error(text)
	}
	shared := s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy | intake.Enrol, AgentIDs: []string{"old"}})
	var g peertest.Greeting
	result := balancer.OK("old", "handshake.hello", peertest.KeyParams("old", shared, b, 1, agent.Proof(peertest.Key(3), "old", 1)))
	if err := json.Unmarshal([]byte(result), &g); err != nil || g.Registered || !strings.Contains(g.Problem, "pass TCP through") {
		t.Errorf("%s, %v", result, err)
	}
	balancer.OK("old", "check_metrics.post", peertest.Metric("old/0000000000000001-1", "c"))
	if i := s.identity(t, "old"); i.Key != nil {
		t.Errorf("%+v", i)
	}
}

// Wrong keys, sessions and proofs are refused, and nothing is registered.
func TestMalformedKeys(t *testing.T) {
	s := newSite(t)
	addr, _ := s.start(t)
	token := s.enrolToken(t, 9)
	key := peertest.Public(peertest.Key(1))
	for _, params := range []string{
		peertest.KeyParams("a", token, key[1:], 1, "p"),
		strings.Replace(peertest.KeyParams("a", token, "KEY", 1, "p"), "KEY", `\u001b[2J`, 1),
		peertest.KeyParams("a", token, strings.Repeat("A", 100_000), 1, "p"),
		peertest.KeyParams("a", token, key, 0, "p"),
		peertest.KeyParams("a", token, key, 1<<53, "p"),
		strings.Replace(peertest.KeyParams("a", token, key, 7, "p"), `"session":7`, `"session":"7"`, 1),
		strings.Replace(peertest.KeyParams("a", token, key, 7, "p"), `"session":7`, `"session":7.0`, 1),
		strings.Replace(peertest.KeyParams("a", token, key, 7, "p"), `"session":7`, `"session":-1`, 1),
		strings.Replace(peertest.KeyParams("a", token, key, 7, "p"), `"proof":"p"`, `"proof":5`, 1),
	} {
		p := s.dial(t, addr)
		if text := p.Refused(400, "a", "handshake.hello", params); strings.Contains(text, token) || strings.Contains(text, "\x1b") {
			t.Errorf("%q", text)
		}
	}
	if list, err := s.store(t).Agents(t.Context(), ""); err != nil || len(list) != 0 {
		t.Errorf("%+v, %v", list, err)
	}
}

// A lockedLog is a log that is read while a server writes it.
type lockedLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lockedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lockedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func public(n byte) ed25519.PublicKey {
	return slices.Clone(peertest.Key(n).Public().(ed25519.PublicKey))
}
