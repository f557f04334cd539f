package endpoint

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"virgo/transport"
)

// announced are the features of PROTOCOL.md's own section that the endpoint has.
const announced = `[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"},{"name":"schedule_hash","version":"1"},{"name":"receipt","version":"1"}]`

// helloParams are what hello takes of its params; other fields are for others.
type helloParams struct {
	Token          string  `json:"token"`
	AgentID        string  `json:"agent_id"`
	AgentName      string  `json:"agent_name"`
	ProcessVersion string  `json:"process_version"`
	BundleVersion  string  `json:"bundle_version"`
	ScheduleHash   *string `json:"schedule_hash"`
	// Timestamp is no reason to refuse anybody: what is no time is left out.
	Timestamp json.RawMessage `json:"timestamp"`
}

// clockOffset is the endpoint's clock less the agent's in ms; nil where the agent told no time that a
// clock tells.
func (p *helloParams) clockOffset(now time.Time) *int64 {
	told, err := strconv.ParseInt(string(p.Timestamp), 10, 64)
	if err != nil || told < minTime || told > maxTime {
		return nil
	}
	offset := now.UnixMilli() - told
	return &offset
}

// hello opens the session of a source, or opens it anew. A hello that fails closes the session that its
// source had, and the connection with it where too many fail.
func (c *conn) hello(f *transport.Frame) error {
	delete(c.sessions, f.Source)
	p, code, err := c.checkHello(f)
	var token int64
	if err == nil {
		code = transport.CodeUnauthorized
		token, err = c.srv.store.authenticate(context.Background(), p.Token)
		if err != nil && !errors.Is(err, ErrBadToken) {
			c.log.Error("a token could not be looked up", "error", err)
			return c.refuse(f, codeUnavailable, "the endpoint cannot read its store")
		}
	}
	if err != nil {
		c.log.Warn("hello refused", "source", shown(f.Source), "agent", shown(p.AgentID), "reason", err)
		return errors.Join(c.refuse(f, code, err.Error()), c.helloFailed())
	}
	now := c.srv.now()
	s := &session{source: f.Source, agentID: p.AgentID, token: token, clockOffset: p.clockOffset(now), noted: now, due: map[transport.ID]string{}}
	c.sessions[f.Source] = s
	c.greeted = true
	c.log.Debug("hello", "source", shown(f.Source), "agent", p.AgentID)
	c.srv.committer.submit(&arrival{agentID: p.AgentID, token: token, received: now, done: make(chan struct{}),
		hello: &sighting{name: p.AgentName, processVersion: p.ProcessVersion, bundleVersion: p.BundleVersion, remote: c.remote,
			clockOffset: s.clockOffset}})
	return c.reply(f, c.welcome(s, p))
}

// welcome is hello's result. schedule_changed is said only to an agent that said which schedule it has,
// and only where there is a good one to compare with.
func (c *conn) welcome(s *session, p helloParams) json.RawMessage {
	b := fmt.Appendf(nil, `{"heartbeat_interval":%d,"features":%s`, c.srv.limits.Heartbeat.Milliseconds(), announced)
	if served, err := c.srv.schedules.For(s.agentID); err == nil {
		s.tell(served.Hash)
		if p.ScheduleHash != nil {
			b = strconv.AppendBool(append(b, `,"schedule_changed":`...), *p.ScheduleHash != served.Hash)
		}
	}
	return append(b, '}')
}

// checkHello reads hello's params and looks whether a session of it may be.
func (c *conn) checkHello(f *transport.Frame) (p helloParams, code int, err error) {
	if f.Params == nil {
		return p, transport.CodeBadRequest, errNoParams
	}
	if err := json.Unmarshal(f.Params, &p); err != nil {
		return helloParams{}, transport.CodeBadRequest, fmt.Errorf("hello's params cannot be read: %w", plainJSON(err))
	}
	switch {
	case !plainID(p.AgentID):
		return p, transport.CodeForbidden, fmt.Errorf("agent_id has to be 1 to %d bytes of plain text", MaxIDBytes)
	case p.Token == "" || len(p.Token) > maxTokenBytes:
		return p, transport.CodeUnauthorized, ErrBadToken
	case len(c.sessions) >= c.srv.limits.AgentsPerConnection:
		return p, codeUnavailable, errTooManyAgents
	}
	p.AgentName, p.ProcessVersion, p.BundleVersion = cut(p.AgentName), cut(p.ProcessVersion), cut(p.BundleVersion)
	return p, 0, nil
}

var (
	errNoParams      = errors.New("params are missing")
	errTooManyAgents = errors.New("too many agents on this connection")
)

// helloFailed counts; errFailedHellos where it is enough. A connection that carries agents (a relay) may
// have as many bad ones as it may have good ones.
func (c *conn) helloFailed() error {
	c.failed++
	most := c.srv.limits.FailedHellos
	if c.greeted {
		most = max(most, c.srv.limits.AgentsPerConnection)
	}
	if c.failed >= most {
		return errFailedHellos
	}
	return nil
}

// plainID says whether s can name an agent or a check.
func plainID(s string) bool { return plainText(s, MaxIDBytes) }

// plainText says whether s is 1 to most bytes of text without control characters.
func plainText(s string, most int) bool {
	if s == "" || len(s) > most || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return false
		}
	}
	return true
}

// cut bounds a name; what is kept is valid UTF-8.
func cut(s string) string {
	if len(s) <= MaxNameBytes {
		return s
	}
	s = s[:MaxNameBytes]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

// plainJSON says in the protocol's words what encoding/json says in Go's.
func plainJSON(err error) error {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		if wrong.Field == "" {
			return fmt.Errorf("it is a JSON %s", wrong.Value)
		}
		return fmt.Errorf("%s is a JSON %s", wrong.Field, wrong.Value)
	}
	return err
}
