package link

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"virgo/spool"
	"virgo/transport"
	"virgo/transport/agentkey"
	"virgo/transport/transporttest"
)

// A keyHost is a host with a key and a token that setup left.
type keyHost struct {
	*Config
	key     ed25519.PrivateKey
	token   string
	dropped int // how often the token was deleted
	notices []string
}

func newKeyHost(t *testing.T, endpoints ...*transporttest.Endpoint) *keyHost {
	t.Helper()
	cfg, _ := newTestConfig(t, transporttest.Script{})
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &keyHost{Config: cfg, key: key, token: "T0KEN"}
	h.Endpoints, h.TLS.Pins = nil, nil
	for _, e := range endpoints {
		h.Endpoints = append(h.Endpoints, e.Address())
		h.TLS.Pins = append(h.TLS.Pins, e.Pin())
	}
	h.Key = func() (ed25519.PrivateKey, error) { return h.key, nil }
	h.Token = func() (string, error) { return h.token, nil }
	h.DropToken = func() error { h.dropped++; h.token = ""; return nil }
	h.Notice = func(format string, args ...any) { h.notices = append(h.notices, fmt.Sprintf(format, args...)) }
	return h
}

func listen(t *testing.T, script transporttest.Script) *transporttest.Endpoint {
	t.Helper()
	e, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// deliver is the delivery of one run that has nothing to send, in one attempt. It returns the error and the
// state that the next run finds.
func (h *keyHost) deliver(t *testing.T) (State, error) {
	t.Helper()
	st, err := h.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.FailingSinceMS == 0 {
		st.FailingSinceMS = 1 // so that there is one attempt, without a pause
	}
	s := NewSession(h.Config, st)
	defer s.Close()
	err = s.Deliver(t.Context(), emptyQueue{})
	s.Conclude(t.Context(), err, 0, false)
	st, stateErr := h.State(t.Context())
	if stateErr != nil {
		t.Fatal(stateErr)
	}
	return st, err
}

// A said is what one hello said about who the host is.
type said struct {
	Token   *string `json:"token"`
	Key     string  `json:"agent_key"`
	Session uint64  `json:"session"`
	Proof   string  `json:"proof"`
}

func saidTo(t *testing.T, e *transporttest.Endpoint) []said {
	t.Helper()
	var all []said
	for _, raw := range e.Hellos() {
		var one said
		if err := json.Unmarshal(raw, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func TestTheTokenIsSentUntilTheKeyIsConfirmed(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, Token: "T0KEN"})
	h := newKeyHost(t, e)
	for range 3 {
		if _, err := h.deliver(t); err != nil {
			t.Fatal(err)
		}
	}
	hellos := saidTo(t, e)
	if len(hellos) != 3 || hellos[0].Token == nil || *hellos[0].Token != "T0KEN" {
		t.Fatalf("%+v", hellos)
	}
	for i, one := range hellos {
		if one.Key != e.Keys()["web-1"] || i > 0 && (one.Token != nil || one.Session <= hellos[i-1].Session) {
			t.Errorf("session %d says %+v", i, one)
		}
	}
	if h.dropped != 1 {
		t.Errorf("the token was deleted %d times", h.dropped)
	}
}

// The token has one use, the endpoint registers the key, and its answer does not arrive.
func TestLostAnswerAtEnrolment(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, Token: "T0KEN", LoseHello: 1})
	h := newKeyHost(t, e)
	if _, err := h.deliver(t); !errors.Is(err, transport.ErrConnectionLost) {
		t.Fatalf("%v", err)
	}
	if h.token == "" || len(e.Keys()) != 1 {
		t.Fatalf("token %q, %d keys", h.token, len(e.Keys()))
	}
	e.Set(transporttest.Script{Keys: true, Token: "used up"})
	st, err := h.deliver(t)
	if err != nil || h.token != "" || !st.TokenDropped {
		t.Errorf("token %q, %v", h.token, err)
	}
}

// One of two endpoints is away, then it is an old one, then it knows keys: until then it needs the token.
func TestEndpointCannotDropATokenThatAnotherNeeds(t *testing.T) {
	first := listen(t, transporttest.Script{Keys: true, Token: "T0KEN"})
	second := listen(t, transporttest.Script{Token: "T0KEN"})
	h := newKeyHost(t, first, second)
	if _, err := h.deliver(t); err != nil || len(first.Keys()) != 1 {
		t.Fatal(err)
	}
	for i, script := range []transporttest.Script{
		{Token: "T0KEN"}, {Token: "T0KEN"}, {Token: "T0KEN", Keys: true}, {Token: "used up", Keys: true},
	} {
		if h.dropped > 0 != (i > 2) {
			t.Fatalf("before step %d the token was deleted %d times", i, h.dropped)
		}
		first.Set(transporttest.Script{Refuse: true})
		second.Set(script)
		if _, err := h.deliver(t); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		first.Set(transporttest.Script{Keys: true, Token: "used up"})
		if _, err := h.deliver(t); err != nil {
			t.Fatalf("step %d, the first endpoint: %v", i, err)
		}
	}
	hellos := saidTo(t, second)
	if hellos[0].Key == "" || hellos[1].Key != "" {
		t.Errorf("an unknown endpoint got the key %q, one that is known to be old %q", hellos[0].Key, hellos[1].Key)
	}
	if hellos[2].Key != "" || hellos[3].Key == "" || *hellos[3].Token != "T0KEN" {
		t.Errorf("after the upgrade: %+v, %+v", hellos[2], hellos[3])
	}
}

// One endpoint says that it has the key; the other one must still get the token.
func TestEndpointCannotConfirmForAnother(t *testing.T) {
	first := listen(t, transporttest.Script{Keys: true})
	h := newKeyHost(t, first)
	h.Endpoints = append(h.Endpoints, "_monitoringagent._tcp.example.com")
	st, err := h.deliver(t)
	if err != nil || h.dropped != 0 || st.TokenDropped {
		t.Fatalf("deleted %d times, %v", h.dropped, err)
	}
	key := agentkey.Fingerprint(h.key.Public().(ed25519.PublicKey))
	for i, step := range []struct {
		confirmed map[string]string
		features  []string
		want      bool
	}{
		{map[string]string{"_monitoringagent._tcp.example.com (a:1)": key}, nil, true},
		{map[string]string{"_monitoringagent._tcp.example.com (a:1)": key}, []string{"_monitoringagent._tcp.example.com (b:1)"}, false},
		{map[string]string{"_monitoringagent._tcp.example.com (a:1)": "other"}, nil, false},
		{map[string]string{"_monitoringagent._tcp.example.com.evil (a:1)": key}, nil, false},
	} {
		st := Status{Confirmed: step.confirmed, Features: map[string][]string{}}
		st.Confirmed[first.Address()] = key
		for _, target := range step.features {
			st.Features[target] = nil
		}
		if got := h.AllConfirmed(st, key); got != step.want {
			t.Errorf("%d: all confirmed: %v", i, got)
		}
	}
}

// What a hostile endpoint is told is worth nothing at another one.
func TestEndpointCannotUseAProofElsewhere(t *testing.T) {
	hostile, other := listen(t, transporttest.Script{}), listen(t, transporttest.Script{Keys: true, Token: "secret"})
	h := newKeyHost(t, other)
	h.token = "secret"
	if _, err := h.deliver(t); err != nil { // it is registered at the other one
		t.Fatal(err)
	}
	h.Endpoints, h.TLS.Pins = []string{hostile.Address()}, []string{hostile.Pin()}
	if _, err := h.deliver(t); err != nil {
		t.Fatal(err)
	}
	raw, err := net.Dial("tcp", other.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	conn := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	fmt.Fprintf(conn, `{"v":"1","id":0,"source":"web-1","target":"endpoint","method":"handshake.hello","params":%s}`+"\n", hostile.Hello())
	f, err := transport.NewReader(conn).ReadFrame()
	if err != nil || f.Error == nil || f.Error.Type != transport.TypeProofFailed {
		t.Errorf("%+v, %v", f.Error, err)
	}
}

// A proof cannot be made: the disk is full and there is no key, or TLS has no exporter. With a token the
// results are delivered all the same.
func TestSessionWithoutAProof(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, LegacyToken: true})
	h := newKeyHost(t, e)
	h.Key = func() (ed25519.PrivateKey, error) { return nil, fmt.Errorf("make the agent's key: %w", syscall.ENOSPC) }
	if _, err := h.deliver(t); err != nil || h.dropped > 0 {
		t.Fatal(err)
	}
	if one := saidTo(t, e)[0]; one.Key != "" || one.Token == nil || *one.Token != "T0KEN" {
		t.Errorf("%+v", one)
	}
	h.token = ""
	if _, err := h.deliver(t); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("without a token: %v", err)
	}
	h.Key = func() (ed25519.PrivateKey, error) { return nil, &ConfigError{Err: errors.New("others can read it")} }
	h.token = "T0KEN"
	var owners *ConfigError
	if _, err := h.deliver(t); !errors.As(err, &owners) {
		t.Errorf("a key that others can read: %v", err)
	}
	plain, _ := net.Pipe()
	s := NewSession(newKeyHost(t, e).Config, State{})
	if id, err := s.identify(plain, "a:1"); err != nil || id.key != "" || id.token != "T0KEN" {
		t.Errorf("without an exporter: %+v, %v", id, err)
	}
}

// A load balancer that ends TLS: the error names the remedy, is printed once, and starts a backoff. An
// agent that has always been served by its token is served on.
func TestBalancerThatEndsTLS(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, Token: "T0KEN", EndsTLS: true})
	h := newKeyHost(t, e)
	st, err := h.deliver(t)
	if transport.KeyRefusal(err) != transport.TypeProofFailed || h.Blocked(st.Status) == nil || h.token == "" {
		t.Errorf("%v, blocked: %v", err, h.Blocked(st.Status))
	}
	if hint := hintOf(err); !strings.Contains(hint, "load balancer") {
		t.Errorf("hint %q", hint)
	}
	e.Set(transporttest.Script{Keys: true, Token: "T0KEN", EndsTLS: true, LegacyToken: true})
	st, err = h.deliver(t)
	if err != nil || st.KeyProblem == "" || h.token == "" || len(st.Confirmed) > 0 {
		t.Errorf("%+v, %v", st.Status, err)
	}
	e.Set(transporttest.Script{Keys: true, Token: "T0KEN", LegacyToken: true})
	if st, err = h.deliver(t); err != nil || st.KeyProblem != "" || h.token != "" {
		t.Errorf("%+v, %v", st.Status, err)
	}
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// Every refusal of the key ends the delivery, is printed once with the endpoint's words, and has a hint.
func TestRefusalsOfTheKey(t *testing.T) {
	for kind, hint := range map[string]string{
		transport.TypeOtherKey: "agents reset ID", transport.TypeKeyRequired: "agents reset ID",
		transport.TypeProofFailed: "load balancer", transport.TypeNotEnrolled: "token add", transport.TypeRevoked: "revoked",
	} {
		e := listen(t, transporttest.Script{HelloError: &transport.Error{
			Code: 401, Message: "no \x1b[2Jthanks", Type: kind,
		}})
		h := newKeyHost(t, e)
		for range 2 {
			st, err := h.deliver(t)
			if transport.KeyRefusal(err) != kind || !errors.Is(err, transport.ErrAuth) || st.Backoff.Reason != transport.BackoffAuth {
				t.Errorf("%s: %v, %+v", kind, err, st.Backoff)
			}
			if !strings.Contains(hintOf(err), hint) || strings.Contains(st.Error, "\x1b") {
				t.Errorf("%s: hint %q, stored %q", kind, hintOf(err), st.Error)
			}
		}
		if len(h.notices) != 1 || !strings.Contains(h.notices[0], "thanks") || strings.Contains(h.notices[0], "\x1b") {
			t.Errorf("%s: printed %q", kind, h.notices)
		}
		if h.token == "" {
			t.Errorf("%s: the token was deleted", kind)
		}
		e.Set(transporttest.Script{HelloError: &transport.Error{Code: 401, Message: "another reason"}})
		if h.deliver(t); len(h.notices) != 2 {
			t.Errorf("%s: another reason was printed as %q", kind, h.notices)
		}
	}
}

// What each connection of a session says is taken, not what the first one said.
func TestEachWelcomeIsTaken(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true})
	h := newKeyHost(t, e)
	s := NewSession(h.Config, State{})
	for _, script := range []transporttest.Script{{Keys: true}, {}} {
		e.Set(script)
		if err := s.greet(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := len(s.state.Features[e.Address()]) > 0; got != script.Keys {
			t.Errorf("the endpoint has keys: %v, want %v", got, script.Keys)
		}
	}
}

// The endpoint's owner resets the id: a host that still has a token enrols anew in the same run.
func TestResetAtTheEndpoint(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true, Token: "T0KEN"})
	h := newKeyHost(t, e)
	h.DropToken = func() error { return nil } // the owner's token, which stays where it is
	if _, err := h.deliver(t); err != nil {
		t.Fatal(err)
	}
	e.ForgetKey("web-1")
	if _, err := h.deliver(t); err != nil || len(e.Keys()) != 1 {
		t.Errorf("%v", err)
	}
	hellos := saidTo(t, e)
	if len(hellos) != 3 || hellos[1].Token != nil || hellos[2].Token == nil || hellos[2].Session <= hellos[1].Session {
		t.Errorf("%+v", hellos)
	}
	e.ForgetKey("web-1")
	h.token = ""
	if _, err := h.deliver(t); transport.KeyRefusal(err) != transport.TypeNotEnrolled {
		t.Errorf("without a token: %v", err)
	}
	e.ForgetKey("web-1")
	h.token = "T0KEN"
	if _, err := FetchSchedule(t.Context(), h.Config); err != nil {
		t.Errorf("fetching the schedule: %v", err)
	}
}

// A host is set back to a snapshot: its numbers fall, nothing is refused, and it goes on from the last one.
func TestRestoredSnapshot(t *testing.T) {
	e := listen(t, transporttest.Script{Keys: true})
	h := newKeyHost(t, e)
	if _, err := h.deliver(t); err != nil {
		t.Fatal(err)
	}
	restored := newKeyHost(t, e)
	restored.key = h.key
	for range 5 {
		if _, err := h.deliver(t); err != nil {
			t.Fatal(err)
		}
	}
	st, err := restored.deliver(t)
	if err != nil || st.Behind != 1 || st.BehindMS == 0 {
		t.Errorf("%+v, %v", st.Status, err)
	}
	if st, err = restored.deliver(t); err != nil || st.Behind != 1 {
		t.Errorf("it does not go on from there: %+v, %v", st.Status, err)
	}
}

// An endpoint claims to have seen the last number that there is.
func TestEndpointCannotUseUpTheSessions(t *testing.T) {
	st := State{}
	st.goOnFrom(agentkey.MaxSession)
	if n := st.nextSession(); n != 1 {
		t.Errorf("goes on from %d", n)
	}
	st.goOnFrom(agentkey.MaxSessionJump)
	if n := st.nextSession(); n != agentkey.MaxSessionJump+1 {
		t.Errorf("does not go on: %d", n)
	}
	st.numbers.last = agentkey.MaxSession
	if n := st.nextSession(); n != agentkey.MaxSession {
		t.Errorf("beyond the last number: %d", n)
	}
}

func TestReservedSessionsGrow(t *testing.T) {
	cfg, _ := newTestConfig(t, transporttest.Script{})
	last := uint64(0)
	for range 3 {
		var st State
		if err := cfg.Spool.Update(t.Context(), func(tx *spool.Tx) error {
			st = ReadState(tx)
			return st.ReserveSessions(tx)
		}); err != nil {
			t.Fatal(err)
		}
		for range sessionsPerRun { // whose end no later run hears of
			if n := st.nextSession(); n <= last {
				t.Errorf("%d after %d", n, last)
			} else {
				last = n
			}
		}
	}
	for text, want := range map[string]uint64{"": 0, "x": 0, "-1": 0, "18446744073709551615": 0, "12": 12} {
		if got := parseSession([]byte(text)); got != want {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

func TestEnrol(t *testing.T) {
	first, old := listen(t, transporttest.Script{Keys: true, Token: "T0KEN"}), listen(t, transporttest.Script{Token: "T0KEN"})
	away := listen(t, transporttest.Script{})
	h := newKeyHost(t, first, old, away)
	away.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	list, all, err := Enrol(ctx, h.Config)
	if err != nil || all || len(list) != 3 || h.token == "" {
		t.Fatalf("%+v, %v, %v", list, all, err)
	}
	if !list[0].Confirmed || list[1].Confirmed || list[1].Err != nil || list[2].Err == nil || list[2].Reached != "" {
		t.Errorf("%+v", list)
	}
	st, err := h.State(t.Context())
	if err != nil || len(st.Confirmed) != 1 || st.TokenDropped {
		t.Errorf("%+v, %v", st.Status, err)
	}
	h.Endpoints = h.Endpoints[:1]
	if _, all, err = Enrol(ctx, h.Config); err != nil || !all {
		t.Errorf("one endpoint: %v, %v", all, err)
	}
	if err := NoteTokenStored(ctx, h.Config); err != nil {
		t.Fatal(err)
	}
	h.token = "N3W"
	if _, err := h.deliver(t); err != nil || h.dropped != 1 || h.token != "" {
		t.Errorf("a token that setup left although none was needed: %q, deleted %d times, %v", h.token, h.dropped, err)
	}
}
