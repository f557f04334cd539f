package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

func (s *site) writeSchedule(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join(s.dir.SchedulesDir(), name)
	if err := errors.Join(os.WriteFile(path+".new", []byte(text), 0o600),
		os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

// check is a schedule's file of one check.
func check(id string) string { return "- {id: " + id + ", type: agent.cpu}\n" }

func TestScheduleHashInHello(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.Hello("a", site.token)
	var sched struct {
		Hash string `json:"schedule_hash"`
	}
	if err := json.Unmarshal([]byte(p.OK("a", "check_schedule.get", "{}")), &sched); err != nil {
		t.Fatal(err)
	}
	hello := func(hash string) string {
		return p.OK("a", "handshake.hello",
			strings.TrimSuffix(peertest.Hello("a", site.token), "}")+`,"schedule_hash":`+hash+"}")
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
	p.Hello("a", site.token)
	p.Hello("b", site.token)
	p.OK("a", "heartbeat.post", "null")
	site.writeSchedule(t, "a.yaml", check("mine"))
	p.OK("b", "heartbeat.post", "null") // nothing changed for b
	id := p.Send("a", "heartbeat.post", "null")
	asked := p.Read()
	if asked.Method != "check_schedule.changed" || asked.Target != "a" || asked.Source != "endpoint" ||
		asked.V != "1" {
		t.Fatalf("before the heartbeat's answer: %+v", asked)
	}
	if f := p.Read(); f.ID != id || f.Method != "" || f.Error != nil {
		t.Fatalf("the heartbeat's answer: %+v", f)
	}
	p.Write(fmt.Sprintf(`{"v":"1","id":%d,"source":"a","target":"endpoint","result":{},"error":null}`+"\n", asked.ID))
	p.Write(`{"v":"1","id":99,"source":"a","target":"endpoint","result":{}}` + "\n") // answers nothing
	p.OK("a", "heartbeat.post", "null")                                              // it is sent once
	if got := p.OK("a", "check_schedule.get", "null"); !strings.Contains(got, `"mine"`) {
		t.Errorf("schedule: %s", got)
	}
	p.OK("a", "heartbeat.post", "null")

	// A check with a mistake is sent as one, and the log names the line.
	site.writeSchedule(t, "a.yaml", check("mine")+"- {id: x, typo: y}\n")
	p.Send("a", "heartbeat.post", "null")
	if f := p.Read(); f.Method != "check_schedule.changed" {
		t.Errorf("after a mistake: %+v", f)
	}
	p.Read()
	if got := p.OK("a", "check_schedule.get", "null"); !strings.Contains(got, `"mine"`) ||
		!strings.Contains(got, `"disabled":true,"fault":"the endpoint's a.yaml:2: unknown key`) {
		t.Errorf("schedule: %s", got)
	}
	if log := r.log.String(); !strings.Contains(log, "a.yaml:2") {
		t.Errorf("log:\n%s", log)
	}
	// Without the agent's file the default applies, which is another schedule.
	if err := os.Remove(filepath.Join(site.dir.SchedulesDir(), "a.yaml")); err != nil {
		t.Fatal(err)
	}
	p.Send("a", "heartbeat.post", "null")
	if f := p.Read(); f.Method != "check_schedule.changed" || f.ID == asked.ID {
		t.Errorf("without the agent's file: %+v", f)
	}
	p.Read()
}

// Without any good schedule the agent keeps the one that it has, and its results are stored.
func TestWithoutASchedule(t *testing.T) {
	site := newSite(t)
	site.writeSchedule(t, "default.yaml", "- {id: 1\n")
	p := site.start(t).dial(t)
	hello := strings.TrimSuffix(peertest.Hello("a", site.token), "}") + `,"schedule_hash":"x"}`
	if got := p.OK("a", "handshake.hello", hello); strings.Contains(got, "schedule_changed") {
		t.Errorf("hello: %s", got)
	}
	if got := p.Refused(400, "a", "check_schedule.get", "null"); !strings.Contains(got, "default.yaml") {
		t.Errorf("schedule: %s", got)
	}
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c"))
	p.OK("a", "heartbeat.post", "null")
	site.writeSchedule(t, "default.yaml", check("d"))
	p.Send("a", "heartbeat.post", "null")
	if f := p.Read(); f.Method != "check_schedule.changed" {
		t.Errorf("now there is one: %+v", f)
	}
}

func TestRequestQueueIsBounded(t *testing.T) {
	now := time.Now()
	s := newSession("a", "a", intake.Access{}, nil, now)
	for i := range maxQueued {
		if !s.enqueue(outgoing{method: "host_info.get", params: fmt.Appendf(nil, `{"type":"%d"}`, i)}) {
			t.Fatal(i)
		}
	}
	if s.enqueue(outgoing{method: "one.more"}) {
		t.Error("more than maxQueued wait")
	}
	if n := len(s.dequeue(now)); n != maxQueued {
		t.Errorf("%d frames", n)
	}
	// Nothing was answered yet, so nothing more goes out.
	first, again := s.enqueue(outgoing{method: "x"}), s.enqueue(outgoing{method: "x"})
	if !first || !again || len(s.queue) != 1 || len(s.dequeue(now)) != 0 {
		t.Errorf("queue: %v", s.queue)
	}
	if r, ok := s.answered(3, now); !ok || r.method != "host_info.get" {
		t.Errorf("answered: %+v, %v", r, ok)
	}
	if _, ok := s.answered(3, now); ok {
		t.Error("answered twice")
	}
	if frames := s.dequeue(now); len(frames) != 1 || frames[0].Method != "x" {
		t.Errorf("frames: %v", frames)
	}
}

// An agent that has fetched the new schedule is not asked to fetch it again.
func TestFetchedScheduleIsKnown(t *testing.T) {
	site := newSite(t)
	p := site.start(t).dial(t)
	p.Hello("a", site.token)
	site.writeSchedule(t, "a.yaml", check("mine"))
	p.OK("a", "check_schedule.get", "null")
	p.OK("a", "heartbeat.post", "null")
}
