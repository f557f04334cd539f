package server

import (
	"encoding/json"
	"errors"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
)

const (
	// answerTime bounds the time between a question and its answer. An agent has some seconds for each, and its run's
	// time for all.
	answerTime = 2 * time.Minute
	// maxUnasked bounds the answers of one connection to what was not asked, or not any more.
	maxUnasked = 256
)

var errUnasked = errors.New("it answers what nobody asked, again and again")

// Questions are what people want to know of hosts. Both methods are called while a session is served: Take must do
// next to nothing for an agent that nobody asks anything.
type Questions interface {
	// Take returns the types of host information that an agent is to be asked for now. They count as asked, whether or
	// not an answer comes.
	Take(agentID string) []string
	// Answer takes an agent's answer of a type: the result of host_info.get, which is valid until Answer returns and has
	// any content, or the words of its refusal.
	Answer(agentID, name string, result json.RawMessage, refusal *string)
}

// askQuestions queues the questions for the session's agent.
func (c *conn) askQuestions(s *session) {
	if c.srv.opt.Questions == nil {
		return
	}
	for _, name := range c.srv.opt.Questions.Take(s.agentID) {
		params, err := json.Marshal(map[string]string{"type": name})
		if err != nil || !s.enqueue(outgoing{method: transport.MethodHostInfo, params: params, subject: name}) {
			c.log.Warn("a question cannot be asked now", "agent", s.agentID, "type", intake.Shorten(name), "error", err)
		}
	}
}

// response handles an agent's answer to a request of the endpoint's own. An error closes the connection.
func (c *conn) response(f *transport.Frame) error {
	s := c.sessions[f.Source]
	if s == nil || s.over.Load() {
		c.log.Debug("an answer without a session", "source", intake.Shorten(f.Source))
		return c.unaskedAnswer()
	}
	asked, ok := s.answered(f.ID, c.srv.opt.Now())
	switch {
	case !ok:
		c.log.Debug("an answer to nothing that was asked", "agent", s.agentID, "id", uint64(f.ID))
		return c.unaskedAnswer()
	case asked.method == transport.MethodHostInfo:
		c.hostInfo(f, s, asked.subject)
	case f.Error != nil:
		c.log.Info("an agent refused a request", "agent", s.agentID, "method", asked.method,
			"code", f.Error.Code, "message", intake.Shorten(f.Error.Message))
	}
	return nil
}

// unaskedAnswer counts an answer to nothing. They cost reading, and count against no quota.
func (c *conn) unaskedAnswer() error {
	if c.unasked++; c.unasked > maxUnasked {
		return errUnasked
	}
	return nil
}

// hostInfo passes an answer on, unless the agent's access was ended since it was asked.
func (c *conn) hostInfo(f *transport.Frame, s *session, name string) {
	if c.stillOpen(s) != nil {
		return
	}
	var refusal *string
	if f.Error != nil {
		refusal = &f.Error.Message
	}
	c.srv.opt.Questions.Answer(s.agentID, name, f.Result, refusal)
}
