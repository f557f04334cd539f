package server

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

func TestSession(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	var welcome struct {
		HeartbeatInterval int `json:"heartbeat_interval"`
		Features          []struct{ Name, Version string }
		ScheduleChanged   *bool `json:"schedule_changed"`
	}
	if err := json.Unmarshal([]byte(p.Hello("agentA", site.token)), &welcome); err != nil {
		t.Fatal(err)
	}
	const features = "[{pipelining 1} {result_id 1} {schedule_hash 1} {receipt 1} {agent_key 1} {bundle 1} {post_multi 1} {post_multi_lz4 1}]"
	if welcome.HeartbeatInterval != 60_000 || fmt.Sprint(welcome.Features) != features || welcome.ScheduleChanged != nil {
		t.Errorf("welcome: %+v", welcome)
	}
	var sched struct {
		Checks []struct {
			ID, Type string
			Period   int
		}
		Hash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal([]byte(p.OK("agentA", "check_schedule.get", "null")), &sched); err != nil {
		t.Fatal(err)
	}
	if len(sched.Checks) != 7 || sched.Checks[0].Type != "agent.cpu" || sched.Checks[0].Period != 60 ||
		sched.Hash == "" {
		t.Errorf("schedule: %+v", sched)
	}
	if got := p.OK("agentA", "check_metrics.post", peertest.Metric("r1", "mem")); got != "0" {
		t.Errorf("post: %s", got)
	}
	for _, method := range []string{"bundle_upgrade.get_version", "binary_upgrade.get_version"} {
		if got := p.OK("agentA", method, "{}"); got != `{"version":"0.0.0-0"}` {
			t.Errorf("%s: %s", method, got)
		}
	}
	before := time.Now().UnixMilli()
	var beat struct{ Timestamp int64 }
	if err := json.Unmarshal([]byte(p.OK("agentA", "heartbeat.post", `{"timestamp":5}`)), &beat); err != nil {
		t.Fatal(err)
	}
	if beat.Timestamp < before || beat.Timestamp > time.Now().UnixMilli() {
		t.Errorf("heartbeat: %d", beat.Timestamp)
	}
	list := site.results(t, intake.Filter{})
	if len(list) != 1 || list[0].AgentID != "agentA" || list[0].ResultID != "r1" ||
		string(list[0].Params) != peertest.Metric("r1", "mem") {
		t.Errorf("stored: %+v", list)
	}
}

// What is refused in a session, and whether the session goes on.
func TestRefusedRequests(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.Refused(401, "a", "check_metrics.post", peertest.Metric("r1", "c"))
	p.Refused(401, "a", "heartbeat.post", `{"timestamp":5}`)
	p.Refused(404, "a", "no.such.method", "null")
	p.Hello("a", site.token)
	p.Refused(404, "a", "no.such.method", "null")
	p.Refused(401, "b", "check_metrics.post", peertest.Metric("r1", "c")) // another source, without a hello
	p.Refused(400, "a", "config_file.post", `{"config_data":{}}`)
	first := p.Refused(400, "a", "check_metrics.post",
		strings.Replace(peertest.Metric("r1", "c"), "gauge", "gouge", 1))
	again := p.Refused(400, "a", "check_metrics.post",
		strings.Replace(peertest.Metric("r1", "c"), "gauge", "gouge", 1))
	if first != again || !strings.Contains(first, `"gouge"`) {
		t.Errorf("first %q, then %q", first, again)
	}
	p.Write(`{"v":"2","id":77,"source":"a","target":"endpoint","method":"heartbeat.post","params":null}` + "\n")
	if f := p.Read(); f.ID != 77 || f.Error == nil || f.Error.Code != 505 || f.V != "1" {
		t.Errorf("another version: %+v", f)
	}
	p.Write(`{"v":"1","id":"78","source":"a","target":"relay-7","method":"heartbeat.post","params":null}` + "\n")
	if f := p.Read(); f.ID != 78 || f.Error != nil || f.Source != "relay-7" {
		t.Errorf("id as a string: %+v", f)
	}
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c")) // the refused one was not stored
	if n := len(site.results(t, intake.Filter{})); n != 1 {
		t.Errorf("%d are stored", n)
	}
}

func TestHelloRefused(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.FailedHellos = 100 })
	p := r.dial(t)
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", "virgo_wrong"))
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", ""))
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", strings.Repeat("x", maxTokenBytes+1)))
	p.Refused(403, "a", "handshake.hello", peertest.Hello("", site.token))
	p.Refused(403, "a", "handshake.hello", peertest.Hello(strings.Repeat("x", intake.MaxIDBytes+1), site.token))
	p.Refused(403, "a", "handshake.hello", `{"token":"`+site.token+`","agent_id":"a\u0000b"}`)
	p.Refused(400, "a", "handshake.hello", "[]")
	p.Refused(400, "a", "handshake.hello", "null")
	p.Refused(400, "a", "handshake.hello", `{"token":5}`)
	p.Refused(401, "a", "check_metrics.post", peertest.Metric("r1", "c"))
	p.Hello("a", site.token)
	p.OK("a", "heartbeat.post", "null")
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", "virgo_wrong")) // ends the session that was there
	p.Refused(401, "a", "heartbeat.post", "null")
	if strings.Contains(r.log.String(), "virgo_wrong") {
		t.Error("a wrong token is in the log")
	}
}

func TestFailedHellosAreCounted(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	for range 3 {
		p.Refused(401, "a", "handshake.hello", peertest.Hello("a", "virgo_guess"))
	}
	p.Ended()
	r.stop(t)
	if log := r.log.String(); strings.Count(log, "hello refused") != 3 ||
		!strings.Contains(log, "too many hellos failed") {
		t.Errorf("log:\n%s", log)
	}
}

// One connection serves two agents (a relay); the agent's id may be another text than the source.
func TestTwoAgentsOnOneConnection(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.AgentsPerConnection = 2 })
	second := site.legacyToken(t, "B", "C")
	p := r.dial(t)
	p.OK("sourceA", "handshake.hello", peertest.Hello("A", site.token))
	p.OK("sourceB", "handshake.hello", peertest.Hello("B", second))
	p.Refused(503, "sourceC", "handshake.hello", peertest.Hello("C", second))
	// Their requests are mixed, their answers come in the requests' order.
	var want []string
	for i := range 20 {
		source := "source" + string(rune('A'+i%2))
		p.Send(source, "check_metrics.post", peertest.Metric(fmt.Sprint("r", i), "c"))
		want = append(want, source)
	}
	for i, source := range want {
		if f := p.Read(); f.ID != 4+i || f.Target != source || f.Error != nil {
			t.Fatalf("answer %d: %+v", i, f)
		}
	}
	s := site.store
	for _, agent := range []string{"A", "B"} {
		if n := len(site.results(t, intake.Filter{AgentID: agent})); n != 10 {
			t.Errorf("agent %s: %d results", agent, n)
		}
	}
	// One token is revoked: the other agent goes on, and the connection stays open for it.
	tokens, err := s.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RevokeToken(t.Context(), tokens[1].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	p.Refused(401, "sourceB", "check_metrics.post", peertest.Metric("late", "c"))
	p.Refused(401, "sourceB", "heartbeat.post", "null")
	p.OK("sourceA", "check_metrics.post", peertest.Metric("late", "c"))
	p.Refused(401, "sourceB", "handshake.hello", peertest.Hello("B", second))
}

// A token that another process makes or revokes has effect at once.
func TestTokensOfARunningServer(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	other := site.store // as another process has it
	secret, token, err := other.AddToken(t.Context(),
		intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: []string{"a"}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	requests := []struct{ method, params string }{
		{"check_metrics.post", peertest.Metric("r2", "c")},
		{"check_metrics.post", "{}"}, // would be refused with 400
		{"results.receipt", `{"agent_id":"a","ranges":[]}`},
		{"heartbeat.post", "null"},
		{"check_schedule.get", "{}"},
		{"bundle_upgrade.get_version", "{}"},
		{"config_file.post", "{}"},
	}
	var open []*peertest.Peer
	for range requests {
		p := r.dial(t)
		p.Hello("a", secret)
		p.OK("a", "check_metrics.post", peertest.Metric("r1", "c"))
		open = append(open, p)
	}
	if _, err := other.RevokeToken(t.Context(), token.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	for i, p := range open { // the first request is refused, and the connection closed
		p.Refused(401, "a", requests[i].method, requests[i].params)
		p.Ended()
	}
	r.dial(t).Refused(401, "a", "handshake.hello", peertest.Hello("a", secret))
	if list := site.results(t, intake.Filter{}); len(list) != 1 {
		t.Errorf("stored: %+v", list)
	}
}

func TestResultIsStoredOnce(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	const copies, connections = 50, 4
	done := make(chan string, connections)
	for c := range connections {
		p := r.dial(t)
		p.Hello("a", site.token)
		go func() {
			for i := range copies {
				p.Conn.Write([]byte(peertest.Frame(100+i, "a", "check_metrics.post",
					peertest.Metric(fmt.Sprint("r", i), "c"))))
			}
			for i := range copies {
				f, err := p.TryRead()
				if err != nil || f.ID != 100+i || f.Error != nil || string(f.Result) != "0" {
					done <- fmt.Sprintf("connection %d, answer %d: %+v, %v", c, i, f, err)
					return
				}
			}
			done <- ""
		}()
	}
	for range connections {
		if fault := <-done; fault != "" {
			t.Error(fault)
		}
	}
	s := site.store
	if n := len(site.results(t, intake.Filter{})); n != copies {
		t.Errorf("%d are stored", n)
	}
	p := r.dial(t)
	p.Hello("b", site.token)
	for range 2 {
		p.OK("b", "check_metrics.post", peertest.Metric("r1", "c")) // another agent's
		p.OK("b", "check_metrics.post", peertest.Metric("", "old")) // without an id
	}
	if n := len(site.results(t, intake.Filter{AgentID: "b"})); n != 3 {
		t.Errorf("%d are stored of b", n)
	}
	agents, err := s.Agents(t.Context(), "")
	if err != nil || agents[0].Results != copies || agents[1].Results != 3 {
		t.Errorf("agents: %+v, %v", agents, err)
	}
}

// An agent is stored as seen every seenEvery at most, and at once where the clock was set back.
func TestSetSeen(t *testing.T) {
	now := time.UnixMilli(1_700_000_000_000)
	s := newSession("a", "a", intake.Access{}, nil, now)
	for _, step := range []struct {
		after time.Duration
		want  bool
	}{{0, false}, {seenEvery - 1, false}, {seenEvery, true}, {seenEvery + 1, false}, {-time.Hour, true}, {-time.Hour, false}} {
		if got := s.setSeen(now.Add(step.after)); got != step.want {
			t.Errorf("after %v: %v", step.after, got)
		}
	}
}

// Heartbeats alone keep an agent's last-seen time recent.
func TestHeartbeatsAreSeen(t *testing.T) {
	site := newSite(t)
	var now atomic.Int64
	now.Store(1_700_000_000_000)
	r := site.start(t, func(o *Options) { o.Now = func() time.Time { return time.UnixMilli(now.Load()) } })
	p := r.dial(t)
	p.Hello("a", site.token)
	now.Add(seenEvery.Milliseconds())
	p.OK("a", "heartbeat.post", "null")
	r.stop(t)
	list, err := site.store.Agents(t.Context(), "")
	if err != nil || len(list) != 1 || list[0].LastSeen.UnixMilli() != now.Load() {
		t.Errorf("%+v, %v", list, err)
	}
}

// A connection that has authenticated, as a relay has, may have as many failed hellos as agents.
func TestFailedHellosOfARelay(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.AgentsPerConnection, o.Limits.FailedHellos = 6, 2 })
	p := r.dial(t)
	p.Hello("a", site.token)
	for range 5 {
		p.Refused(401, "b", "handshake.hello", peertest.Hello("b", "virgo_guess"))
	}
	p.OK("a", "heartbeat.post", "null")
	p.Refused(401, "b", "handshake.hello", peertest.Hello("b", "virgo_guess"))
	p.Ended()
}

// What an agent calls itself is truncated between two characters, and a token that is too long is not
// looked up.
func TestHostileHello(t *testing.T) {
	site := newSite(t)
	long := strings.Repeat("€", 1000)
	p := site.start(t, func(o *Options) { o.Intake = shortTokens{o.Intake, t} }).dial(t)
	p.OK("a", "handshake.hello", fmt.Sprintf(
		`{"token":%q,"agent_id":"a","agent_name":%q,"process_version":%q,"bundle_version":%q}`, site.token, long, long, long))
	p.OK("a", "check_metrics.post", peertest.Metric("r", "c"))
	list, err := site.store.Agents(t.Context(), "")
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	for _, name := range []string{list[0].Name, list[0].ProcessVersion, list[0].BundleVersion} {
		if name != strings.Repeat("€", intake.MaxNameBytes/3) {
			t.Errorf("a name of %d bytes", len(name))
		}
	}
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", strings.Repeat("x", maxTokenBytes)))
	p.Refused(401, "a", "handshake.hello", peertest.Hello("a", strings.Repeat("x", maxTokenBytes+1)))
}

// shortTokens fails the test where a token is looked up that is too long.
type shortTokens struct {
	intake.Intake
	t *testing.T
}

func (s shortTokens) Admit(ctx context.Context, c intake.Claim) (intake.Admission, error) {
	if len(c.Token) > maxTokenBytes {
		s.t.Errorf("a token of %d bytes was looked up", len(c.Token))
	}
	return s.Intake.Admit(ctx, c)
}

// A source that is too long is refused, and a target that is too long is not repeated.
func TestHostileSourceAndTarget(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	long := strings.Repeat("x", intake.MaxIDBytes+1)
	p.Write(peertest.Frame(1, long, "handshake.hello", peertest.Hello("a", site.token)))
	if f := p.Read(); f.Error == nil || f.Error.Code != 400 || f.Target != "" {
		t.Errorf("a long source: %+v", f)
	}
	p.Hello(long[1:], site.token)
	p.Write(strings.Replace(peertest.Frame(2, long[1:], "heartbeat.post", "null"), `"target":"endpoint"`, `"target":"`+long+`"`, 1))
	if f := p.Read(); f.Error != nil || f.Source != "endpoint" {
		t.Errorf("a long target: %+v", f)
	}
}
