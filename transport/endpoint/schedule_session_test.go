package endpoint

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"virgo/transport"
)

func (s *site) writeSchedule(t *testing.T, name, text string) {
	t.Helper()
	if err := replace(filepath.Join(s.folder.SchedulesDir(), name), []byte(text), publicMode); err != nil {
		t.Fatal(err)
	}
}

func TestScheduleHashInHello(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.hello("a", site.token)
	var sched struct {
		Hash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal([]byte(p.ok("a", "check_schedule.get", "{}")), &sched); err != nil {
		t.Fatal(err)
	}
	hello := func(hash string) string {
		return p.ok("a", "handshake.hello", strings.TrimSuffix(helloOf("a", site.token), "}")+`,"schedule_hash":`+hash+"}")
	}
	for hash, want := range map[string]string{
		`"` + sched.Hash + `"`: `"schedule_changed":false`, `"other"`: `"schedule_changed":true`, `""`: `"schedule_changed":true`,
	} {
		if got := hello(hash); !strings.Contains(got, want) {
			t.Errorf("hash %s: %s", hash, got)
		}
	}
	if got := hello("null"); strings.Contains(got, "schedule_changed") {
		t.Errorf("no hash: %s", got)
	}
}

// The endpoint's own requests come before the heartbeat's answer.
func TestScheduleChangesDuringASession(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	p := r.dial(t)
	p.hello("a", site.token)
	p.hello("b", site.token)
	p.ok("a", "heartbeat.post", "null")
	site.writeSchedule(t, "a.yaml", check("mine"))
	p.ok("b", "heartbeat.post", "null") // nothing changed for b
	id := p.send("a", "heartbeat.post", "null")
	asked := p.read()
	if asked.Method != "check_schedule.changed" || asked.Target != "a" || asked.Source != "endpoint" || asked.V != "1" {
		t.Fatalf("before the heartbeat's answer: %+v", asked)
	}
	if f := p.read(); f.ID != id || f.Method != "" || f.Error != nil {
		t.Fatalf("the heartbeat's answer: %+v", f)
	}
	p.write(fmt.Sprintf(`{"v":"1","id":%d,"source":"a","target":"endpoint","result":{},"error":null}`+"\n", asked.ID))
	p.write(`{"v":"1","id":99,"source":"a","target":"endpoint","result":{}}` + "\n") // nobody asked
	p.ok("a", "heartbeat.post", "null")                                              // told once
	if got := p.ok("a", "check_schedule.get", "null"); !strings.Contains(got, `"mine"`) {
		t.Errorf("schedule: %s", got)
	}
	p.ok("a", "heartbeat.post", "null")

	// A broken file changes nothing, and the log says where.
	site.writeSchedule(t, "a.yaml", check("mine")+"- {id: x, typo: y}\n")
	p.ok("a", "heartbeat.post", "null")
	if got := p.ok("a", "check_schedule.get", "null"); !strings.Contains(got, `"mine"`) || strings.Contains(got, "typo") {
		t.Errorf("schedule: %s", got)
	}
	if log := r.log.String(); !strings.Contains(log, "a.yaml:2") {
		t.Errorf("log:\n%s", log)
	}
	// The agent's file goes away: the default is another schedule.
	if err := os.Remove(filepath.Join(site.folder.SchedulesDir(), "a.yaml")); err != nil {
		t.Fatal(err)
	}
	p.send("a", "heartbeat.post", "null")
	if f := p.read(); f.Method != "check_schedule.changed" || f.ID == asked.ID {
		t.Errorf("after the agent's file went: %+v", f)
	}
	p.read()
}

// Without any good schedule the agent keeps the one it has, and its results are taken.
func TestNoScheduleIsNotAnEmptyOne(t *testing.T) {
	site := newSite(t)
	site.writeSchedule(t, "default.yaml", "- {id: 1\n")
	p := site.start(t).dial(t)
	if got := p.ok("a", "handshake.hello", strings.TrimSuffix(helloOf("a", site.token), "}")+`,"schedule_hash":"x"}`); strings.Contains(got, "schedule_changed") {
		t.Errorf("hello: %s", got)
	}
	if got := p.refused(400, "a", "check_schedule.get", "null"); !strings.Contains(got, "default.yaml") {
		t.Errorf("schedule: %s", got)
	}
	p.ok("a", "check_metrics.post", metric("r1", "c"))
	p.ok("a", "heartbeat.post", "null")
	site.writeSchedule(t, "default.yaml", check("d"))
	p.send("a", "heartbeat.post", "null")
	if f := p.read(); f.Method != "check_schedule.changed" {
		t.Errorf("now there is one: %+v", f)
	}
}

func TestQueueIsBounded(t *testing.T) {
	s := &session{source: "a", due: map[transport.ID]string{}}
	for i := range maxQueued {
		if !s.enqueue(ask{method: "host_info.get", params: fmt.Appendf(nil, `{"type":"%d"}`, i)}) {
			t.Fatal(i)
		}
	}
	if s.enqueue(ask{method: "one.more"}) {
		t.Error("more than maxQueued wait")
	}
	if n := len(s.takeQueue()); n != maxQueued {
		t.Errorf("%d frames", n)
	}
	// Nothing was answered yet, so nothing more goes out.
	first, again := s.enqueue(ask{method: "x"}), s.enqueue(ask{method: "x"})
	if !first || !again || len(s.queue) != 1 || len(s.takeQueue()) != 0 {
		t.Errorf("queue: %v", s.queue)
	}
	if method, ok := s.answered(3); !ok || method != "host_info.get" {
		t.Errorf("answered: %q, %v", method, ok)
	}
	if _, ok := s.answered(3); ok {
		t.Error("answered twice")
	}
	if frames := s.takeQueue(); len(frames) != 1 || frames[0].Method != "x" {
		t.Errorf("frames: %v", frames)
	}
}
