package endpoint

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
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
	if err := json.Unmarshal([]byte(p.hello("agentA", site.token)), &welcome); err != nil {
		t.Fatal(err)
	}
	if welcome.HeartbeatInterval != 60_000 || fmt.Sprint(welcome.Features) != "[{pipelining 1} {result_id 1} {schedule_hash 1} {receipt 1}]" || welcome.ScheduleChanged != nil {
		t.Errorf("welcome: %+v", welcome)
	}
	var sched struct {
		Checks []struct {
			ID, Type string
			Period   int
		}
		Hash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal([]byte(p.ok("agentA", "check_schedule.get", "null")), &sched); err != nil {
		t.Fatal(err)
	}
	if len(sched.Checks) != 7 || sched.Checks[0].Type != "agent.cpu" || sched.Checks[0].Period != 60 || sched.Hash == "" {
		t.Errorf("schedule: %+v", sched)
	}
	if got := p.ok("agentA", "check_metrics.post", metric("r1", "mem")); got != "0" {
		t.Errorf("post: %s", got)
	}
	if got := p.ok("agentA", "bundle_upgrade.get_version", "{}") + p.ok("agentA", "binary_upgrade.get_version", "{}"); got != `{"version":"0.0.0-0"}{"version":"0.0.0-0"}` {
		t.Errorf("versions: %s", got)
	}
	before := time.Now().UnixMilli()
	var beat struct{ Timestamp int64 }
	if err := json.Unmarshal([]byte(p.ok("agentA", "heartbeat.post", `{"timestamp":5}`)), &beat); err != nil {
		t.Fatal(err)
	}
	if beat.Timestamp < before || beat.Timestamp > time.Now().UnixMilli() {
		t.Errorf("heartbeat: %d", beat.Timestamp)
	}
	list := results(t, site.store(t), ResultFilter{})
	if len(list) != 1 || list[0].AgentID != "agentA" || list[0].ResultID != "r1" || string(list[0].Params) != metric("r1", "mem") {
		t.Errorf("stored: %+v", list)
	}
}

// What a session is refused, and whether it goes on.
func TestRefusals(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.refused(401, "a", "check_metrics.post", metric("r1", "c"))
	p.refused(401, "a", "heartbeat.post", `{"timestamp":5}`)
	p.refused(404, "a", "no.such.method", "null")
	p.hello("a", site.token)
	p.refused(404, "a", "no.such.method", "null")
	p.refused(401, "b", "check_metrics.post", metric("r1", "c")) // another source, which said no hello
	p.refused(400, "a", "config_file.post", `{"config_data":{}}`)
	first := p.refused(400, "a", "check_metrics.post", strings.Replace(metric("r1", "c"), "gauge", "gouge", 1))
	again := p.refused(400, "a", "check_metrics.post", strings.Replace(metric("r1", "c"), "gauge", "gouge", 1))
	if first != again || !strings.Contains(first, `"gouge"`) {
		t.Errorf("first %q, then %q", first, again)
	}
	p.write(`{"v":"2","id":77,"source":"a","target":"endpoint","method":"heartbeat.post","params":null}` + "\n")
	if f := p.read(); f.ID != 77 || f.Error == nil || f.Error.Code != 505 || f.V != "1" {
		t.Errorf("another version: %+v", f)
	}
	p.write(`{"v":"1","id":"78","source":"a","target":"relay-7","method":"heartbeat.post","params":null}` + "\n")
	if f := p.read(); f.ID != 78 || f.Error != nil || f.Source != "relay-7" {
		t.Errorf("id as a string: %+v", f)
	}
	p.ok("a", "check_metrics.post", metric("r1", "c")) // the refused one was not remembered as taken
	if n := len(results(t, site.store(t), ResultFilter{})); n != 1 {
		t.Errorf("%d are stored", n)
	}
}

func TestHelloRefused(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.FailedHellos = 100 })
	p := r.dial(t)
	p.refused(401, "a", "handshake.hello", helloOf("a", "virgo_wrong"))
	p.refused(401, "a", "handshake.hello", helloOf("a", ""))
	p.refused(401, "a", "handshake.hello", helloOf("a", strings.Repeat("x", maxTokenBytes+1)))
	p.refused(403, "a", "handshake.hello", helloOf("", site.token))
	p.refused(403, "a", "handshake.hello", helloOf(strings.Repeat("x", MaxIDBytes+1), site.token))
	p.refused(403, "a", "handshake.hello", `{"token":"`+site.token+`","agent_id":"a\u0000b"}`)
	p.refused(400, "a", "handshake.hello", "[]")
	p.refused(400, "a", "handshake.hello", "null")
	p.refused(400, "a", "handshake.hello", `{"token":5}`)
	p.refused(401, "a", "check_metrics.post", metric("r1", "c"))
	p.hello("a", site.token)
	p.ok("a", "heartbeat.post", "null")
	p.refused(401, "a", "handshake.hello", helloOf("a", "virgo_wrong")) // ends the session that was there
	p.refused(401, "a", "heartbeat.post", "null")
	if strings.Contains(r.log.String(), "virgo_wrong") {
		t.Error("a wrong token is in the log")
	}
}

func TestFailedHellosAreCounted(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	for range 3 {
		p.refused(401, "a", "handshake.hello", helloOf("a", "virgo_guess"))
	}
	p.ended()
	r.stop(t)
	if log := r.log.String(); strings.Count(log, "hello refused") != 3 || !strings.Contains(log, "too many hellos failed") {
		t.Errorf("log:\n%s", log)
	}
}

// One connection carries two agents (a relay); the agent's id may be another text than the source.
func TestTwoAgentsOnOneConnection(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.AgentsPerConnection = 2 })
	second, _, err := site.store(t).AddToken(t.Context(), "b", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := r.dial(t)
	p.ok("sourceA", "handshake.hello", helloOf("A", site.token))
	p.ok("sourceB", "handshake.hello", helloOf("B", second))
	p.refused(503, "sourceC", "handshake.hello", helloOf("C", second))
	// Their requests are mixed, their answers come in the requests' order.
	var want []string
	for i := range 20 {
		source := "source" + string(rune('A'+i%2))
		p.send(source, "check_metrics.post", metric(fmt.Sprint("r", i), "c"))
		want = append(want, source)
	}
	for i, source := range want {
		if f := p.read(); f.ID != 4+i || f.Target != source || f.Error != nil {
			t.Fatalf("answer %d: %+v", i, f)
		}
	}
	s := site.store(t)
	for _, agent := range []string{"A", "B"} {
		if n := len(results(t, s, ResultFilter{AgentID: agent})); n != 10 {
			t.Errorf("agent %s: %d results", agent, n)
		}
	}
	// One's token is revoked: the other goes on.
	tokens, err := s.Tokens(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.RevokeToken(t.Context(), tokens[1].ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	p.refused(401, "sourceB", "check_metrics.post", metric("late", "c"))
	p.refused(401, "sourceB", "heartbeat.post", "null")
	p.ok("sourceA", "check_metrics.post", metric("late", "c"))
	p.refused(401, "sourceB", "handshake.hello", helloOf("B", second))
}

// A token made and one revoked by another process are seen at once.
func TestTokensOfARunningServer(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	other := site.store(t) // as another process has it
	secret, token, err := other.AddToken(t.Context(), "new", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p := r.dial(t)
	p.hello("a", secret)
	p.ok("a", "check_metrics.post", metric("r1", "c"))
	if _, err := other.RevokeToken(t.Context(), token.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	p.refused(401, "a", "check_metrics.post", metric("r2", "c"))
	r.dial(t).refused(401, "a", "handshake.hello", helloOf("a", secret))
	if list := results(t, other, ResultFilter{}); len(list) != 1 {
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
		p.hello("a", site.token)
		go func() {
			for i := range copies {
				p.conn.Write([]byte(frame(100+i, "a", "check_metrics.post", metric(fmt.Sprint("r", i), "c"))))
			}
			for i := range copies {
				f, err := p.tryRead()
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
	s := site.store(t)
	if n := len(results(t, s, ResultFilter{})); n != copies {
		t.Errorf("%d are stored", n)
	}
	p := r.dial(t)
	p.hello("b", site.token)
	for range 2 {
		p.ok("b", "check_metrics.post", metric("r1", "c")) // another agent's
		p.ok("b", "check_metrics.post", metric("", "old")) // without an id
	}
	if n := len(results(t, s, ResultFilter{AgentID: "b"})); n != 3 {
		t.Errorf("%d are stored of b", n)
	}
	agents, err := s.Agents(t.Context())
	if err != nil || agents[0].Results != copies || agents[1].Results != 3 {
		t.Errorf("agents: %+v, %v", agents, err)
	}
}
