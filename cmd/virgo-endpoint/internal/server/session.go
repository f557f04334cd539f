package server

import (
	"encoding/json"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
)

// seenEvery is the shortest time after which the last-seen time of an agent that only sends heartbeats
// is stored again.
const seenEvery = 30 * time.Second

// A session is one agent on one connection, from its hello on. Its source names it in frames; its
// results are stored under its agent id, which may be another text.
type session struct {
	source  string
	agentID string
	access  intake.Access
	// clockOffset is the endpoint's clock minus the agent's at the hello, in ms; nil if the hello had
	// no timestamp.
	clockOffset *int64
	use         *agentUse

	// follows is what its agent said of its bundle of checks; nil: it is told of none. Of the writer only.
	follows *follower

	// hello is what the next arrival of the session stores of its hello; nil once that was submitted. Of
	// the reader only.
	hello *intake.Hello

	// posted is the last submission of results. Of the reader only.
	posted *submission

	// limit is the answer to every request once the agent was over its quota, limitedRequests how
	// often it was sent. Of the reader only.
	limit           *transport.Error
	limitedRequests int

	// over is true once a request was answered with 401.
	over atomic.Bool

	mu           sync.Mutex
	scheduleHash string // of the schedule that the agent knows; empty: of none
	seen         time.Time
	queue        []outgoing
	unanswered   map[transport.ID]request // what was sent
	lastID       transport.ID
}

func newSession(source, agentID string, access intake.Access, clockOffset *int64, now time.Time) *session {
	return &session{
		source: source, agentID: agentID, access: access, clockOffset: clockOffset, seen: now,
		unanswered: map[transport.ID]request{},
	}
}

// arrival returns an arrival of the session's agent at now, still without a result or refusal. The first one
// has the session's hello: so what an agent sends at once is one entry for the store.
func (s *session) arrival(now time.Time) intake.Arrival {
	a := intake.Arrival{AgentID: s.agentID, Access: s.access, Received: now, Hello: s.hello}
	s.hello = nil
	return a
}

// An outgoing is a request from the endpoint to an agent.
type outgoing struct {
	method string
	params json.RawMessage
	// subject is what a question is about; empty for other requests.
	subject string
}

// A request is one that was sent and is not answered yet.
type request struct {
	method, subject string
	at              time.Time
}

// enqueue queues a request, which is sent before the agent's next heartbeat is answered. A method
// without params that is queued already is not queued again. It returns false if the queue is full.
func (s *session) enqueue(o outgoing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.params == nil {
		for _, q := range s.queue {
			if q.method == o.method && q.params == nil {
				return true
			}
		}
	}
	if len(s.queue) >= maxQueued {
		return false
	}
	s.queue = append(s.queue, o)
	return true
}

// dequeue returns frames of the queued requests, each with its own id: as many as the limit of
// unanswered requests allows. Questions that were not answered in their time count no more.
func (s *session) dequeue(now time.Time) []transport.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) > 0 {
		maps.DeleteFunc(s.unanswered, func(_ transport.ID, r request) bool { return r.late(now) })
	}
	var frames []transport.Frame
	for len(s.queue) > 0 && len(s.unanswered) < maxQueued {
		o := s.queue[0]
		s.queue = s.queue[1:]
		s.lastID++
		s.unanswered[s.lastID] = request{o.method, o.subject, now}
		frames = append(frames, transport.Frame{
			V: transport.Version, ID: s.lastID, HasID: true, Source: self, Target: s.source, Method: o.method, Params: o.params,
		})
	}
	return frames
}

// late reports whether an answer comes too late.
func (r request) late(now time.Time) bool { return r.subject != "" && now.Sub(r.at) > answerTime }

// answered notes an agent's answer and returns the request. ok is false if no request has that id, or not any more.
func (s *session) answered(id transport.ID, now time.Time) (r request, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok = s.unanswered[id]
	delete(s.unanswered, id)
	return r, ok && !r.late(now)
}

// setSchedule notes the hash of the schedule that the agent is told of now, and reports whether it
// differs from the previous one.
func (s *session) setSchedule(hash string) (changed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed = s.scheduleHash != hash
	s.scheduleHash = hash
	return changed
}

// setSeen reports whether it is time to store that the agent was seen, which the caller then must do.
func (s *session) setSeen(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if since := now.Sub(s.seen); since >= 0 && since < seenEvery {
		return false
	}
	s.seen = now
	return true
}
