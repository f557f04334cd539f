package server

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// asking has questions for agents, each once, and keeps what they answer.
type asking struct {
	mu      sync.Mutex
	waiting map[string][]string
	answers []string
}

func (a *asking) Take(agentID string) []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	list := a.waiting[agentID]
	delete(a.waiting, agentID)
	return list
}

func (a *asking) Answer(agentID, name string, result json.RawMessage, refusal *string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	text := fmt.Sprintf("%s %s %.80s", agentID, name, result)
	if refusal != nil {
		text = fmt.Sprintf("%s %s refused: %s", agentID, name, *refusal)
	}
	a.answers = append(a.answers, text)
}

func (a *asking) wait(agentID string, names ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.waiting = map[string][]string{agentID: names}
}

func (a *asking) got() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.answers)
}

func startAsking(t *testing.T, change ...func(*Options)) (*site, *running, *asking) {
	t.Helper()
	a := &asking{}
	site := newSite(t)
	return site, site.start(t, append(change, func(o *Options) { o.Questions = a })...), a
}

// asked sends a heartbeat and reads the types that the endpoint asks for before it answers that.
func asked(t *testing.T, p *peertest.Peer, source string, types ...string) (ids []int) {
	t.Helper()
	p.Send(source, "heartbeat.post", "null")
	for {
		f := p.Read()
		if f.Method == "" {
			if len(ids) != len(types) {
				t.Fatalf("%d questions, want %q", len(ids), types)
			}
			return ids
		}
		if len(ids) == len(types) || f.Method != "host_info.get" || f.Target != source || string(f.Params) != `{"type":"`+types[len(ids)]+`"}` {
			t.Fatalf("%+v", f)
		}
		ids = append(ids, f.ID)
	}
}

// reply answers a request of the endpoint.
func reply(p *peertest.Peer, source string, id int, rest string) {
	p.Write(fmt.Sprintf(`{"v":"1","id":%d,"source":%q,"target":"endpoint",%s}`+"\n", id, source, rest))
}

func TestQuestions(t *testing.T) {
	_, r, a := startAsking(t)
	p := r.dial(t)
	p.Hello("a", r.token)
	asked(t, p, "a")
	a.wait("a", "cpu", "procs", "memory", "disk")
	ids := asked(t, p, "a", "cpu", "procs", "memory", "disk")
	// In any order; the last one is not answered.
	reply(p, "a", ids[1], `"error":{"code":400,"message":"the owner denies it"}`)
	reply(p, "a", ids[0], `"result":{"metrics":[{"n":2}]},"error":null`)
	reply(p, "a", ids[0], `"result":{"metrics":[{"n":3}]}`) // again
	reply(p, "a", ids[2], `"result":null`)
	reply(p, "a", 4711, `"result":{"metrics":[{"n":4}]}`) // nobody asked
	reply(p, "b", ids[3], `"result":{"metrics":[{"n":5}]}`)
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c")) // the session goes on
	if got, want := a.got(), []string{"a procs refused: the owner denies it", `a cpu {"metrics":[{"n":2}]}`, "a memory "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	asked(t, p, "a")
}

// One agent of a connection cannot answer for another one.
func TestQuestionsOfOneConnection(t *testing.T) {
	_, r, a := startAsking(t)
	p := r.dial(t)
	p.OK("sourceA", "handshake.hello", peertest.Hello("A", r.token))
	p.OK("sourceB", "handshake.hello", peertest.Hello("B", r.token))
	a.wait("A", "cpu")
	ids := asked(t, p, "sourceA", "cpu")
	reply(p, "sourceB", ids[0], `"result":{"metrics":"of B"}`)
	reply(p, "sourceA", ids[0], `"result":{"metrics":"of A"}`)
	p.OK("sourceB", "check_metrics.post", peertest.Metric("r1", "c"))
	if got := a.got(); !slices.Equal(got, []string{`A cpu {"metrics":"of A"}`}) {
		t.Errorf("got %q", got)
	}
}

// What an agent answers after its access was ended is not taken.
func TestAnswerOfARevokedAgent(t *testing.T) {
	site, r, a := startAsking(t)
	p := r.dial(t)
	p.Hello("a", r.token)
	a.wait("a", "cpu")
	ids := asked(t, p, "a", "cpu")
	if err := site.store.RevokeAgent(t.Context(), "a", time.Now()); err != nil {
		t.Fatal(err)
	}
	reply(p, "a", ids[0], `"result":{}`)
	p.Refused(401, "a", "heartbeat.post", "null")
	p.Ended()
	if got := a.got(); len(got) != 0 {
		t.Errorf("got %q", got)
	}
}

// An answer of any size is read within the bounds of frames, and one that is longer ends the connection.
func TestLargeAnswers(t *testing.T) {
	_, r, a := startAsking(t)
	p := r.dial(t)
	p.Hello("a", r.token)
	a.wait("a", "cpu", "procs")
	ids := asked(t, p, "a", "cpu", "procs")
	reply(p, "a", ids[0], `"result":"`+strings.Repeat("x", 3<<20)+`"`)
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c"))
	if got := a.got(); len(got) != 1 || !strings.HasPrefix(got[0], `a cpu "xxx`) {
		t.Errorf("got %q", got)
	}
	go func() { // the endpoint stops reading on the way
		_, _ = p.Conn.Write([]byte(`{"v":"1","id":1,"source":"a","result":"` + strings.Repeat("x", 5<<20)))
	}()
	p.Ended()
	if got := a.got(); len(got) != 1 {
		t.Errorf("got %q", got)
	}
}

func TestAnswersToNothingEndTheConnection(t *testing.T) {
	for _, source := range []string{"a", "stranger"} {
		_, r, _ := startAsking(t)
		p := r.dial(t)
		p.Hello("a", r.token)
		for range maxUnasked {
			reply(p, source, 7, `"result":{}`)
		}
		p.OK("a", "heartbeat.post", "null")
		reply(p, source, 7, `"result":{}`)
		p.Ended()
	}
}

func TestLateAnswersAreNone(t *testing.T) {
	now := time.Now()
	s := newSession("a", "a", intake.Access{}, nil, now)
	for _, name := range []string{"cpu", "procs"} {
		s.enqueue(outgoing{method: "host_info.get", params: json.RawMessage(`{"type":"` + name + `"}`), subject: name})
	}
	frames := s.dequeue(now)
	if r, ok := s.answered(frames[0].ID, now.Add(answerTime)); !ok || r.subject != "cpu" {
		t.Errorf("in its time: %+v, %v", r, ok)
	}
	if r, ok := s.answered(frames[1].ID, now.Add(answerTime+1)); ok {
		t.Errorf("late: %+v", r)
	}
	// One that nobody answers keeps no place.
	for i := range maxQueued {
		s.enqueue(outgoing{method: "host_info.get", params: fmt.Appendf(nil, `{"type":"%d"}`, i), subject: "x"})
	}
	if n := len(s.dequeue(now)); n != maxQueued {
		t.Errorf("%d frames", n)
	}
	s.enqueue(outgoing{method: "check_schedule.changed"})
	if n := len(s.dequeue(now.Add(answerTime))); n != 0 {
		t.Errorf("%d frames before", n)
	}
	if n := len(s.dequeue(now.Add(answerTime + 1))); n != 1 {
		t.Errorf("%d frames after", n)
	}
}
