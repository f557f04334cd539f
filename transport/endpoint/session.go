package endpoint

import (
	"encoding/json"
	"sync"
	"time"

	"virgo/transport"
)

// seenEvery is how often an agent that only sends heartbeats is noted as seen.
const seenEvery = 30 * time.Second

// A session is one agent on one connection, from its hello on. Its source names it in frames; what it
// brings is stored under its agent id, which may be another text.
type session struct {
	source  string
	agentID string
	token   int64
	// clockOffset is the endpoint's clock less the agent's in ms when the hello came; nil where it told no time.
	clockOffset *int64

	mu    sync.Mutex
	told  string // hash of the schedule that the agent was last told of; empty: of none
	noted time.Time
	queue []ask
	due   map[transport.ID]string // id → method of what was sent and not answered
	next  transport.ID
}

// An ask is a request of the endpoint's own.
type ask struct {
	method string
	params json.RawMessage
}

// enqueue leaves a request for the agent, to be sent before its next heartbeat is answered. A method
// that waits already is not queued twice unless it has params; false where too many wait.
func (s *session) enqueue(a ask) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.params == nil {
		for _, q := range s.queue {
			if q.method == a.method && q.params == nil {
				return true
			}
		}
	}
	if len(s.queue) >= maxQueued {
		return false
	}
	s.queue = append(s.queue, a)
	return true
}

// takeQueue gives the frames of what waits, each with an id of its own, as many as may be unanswered.
func (s *session) takeQueue() []transport.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	var frames []transport.Frame
	for len(s.queue) > 0 && len(s.due) < maxQueued {
		a := s.queue[0]
		s.queue = s.queue[1:]
		s.next++
		s.due[s.next] = a.method
		frames = append(frames, transport.Frame{
			V: transport.Version, ID: s.next, HasID: true, Source: self, Target: s.source, Method: a.method, Params: a.params,
		})
	}
	return frames
}

// answered notes an agent's answer; the method that it answers, or false where it was not asked.
func (s *session) answered(id transport.ID) (method string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	method, ok = s.due[id]
	delete(s.due, id)
	return method, ok
}

// tell notes the schedule that the agent knows of now; true where it is another one than before.
func (s *session) tell(hash string) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	news = s.told != hash
	s.told = hash
	return news
}

// note says whether the agent should be noted as seen at now.
func (s *session) note(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if since := now.Sub(s.noted); since >= 0 && since < seenEvery {
		return false
	}
	s.noted = now
	return true
}
