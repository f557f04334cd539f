package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
	"virgo/transport"
)

// announced are the features that the endpoint has (PROTOCOL.md).
const announced = `[{"name":"pipelining","version":"1"},{"name":"result_id","version":"1"},` +
	`{"name":"schedule_hash","version":"1"},{"name":"receipt","version":"1"},{"name":"agent_key","version":"1"},` +
	`{"name":"bundle","version":"1"},{"name":"post_multi","version":"1"},{"name":"post_multi_lz4","version":"1"}]`

var errTooManyAgents = errors.New("too many agents on this connection")

// clockOffset returns the endpoint's clock minus the agent's in ms; nil if the agent sent no valid
// timestamp.
func (p *helloParams) clockOffset(now time.Time) *int64 {
	sent, err := strconv.ParseInt(string(p.Timestamp), 10, 64)
	if err != nil || sent < intake.MinTimeMS || sent > intake.MaxTimeMS {
		return nil
	}
	offset := now.UnixMilli() - sent
	return &offset
}

// hello opens the session of a source, in place of an earlier one. If it fails, the source has no
// session any more; after too many failures the connection is closed.
func (c *conn) hello(f *transport.Frame) error {
	c.drop(f.Source)
	p, code, err := c.checkHello(f)
	if c.refusing && err == nil {
		return errors.Join(c.refuseLimit(f, rateLimit(p.AgentID, 0, overloaded)), errRefusing)
	}
	var claim intake.Claim
	if err == nil {
		code = transport.CodeBadRequest
		claim, err = c.claim(&p)
	}
	if err != nil {
		return c.refuseHello(f, &p, &transport.Error{Code: code, Message: err.Error()})
	}
	admission, err := c.srv.opt.Intake.Admit(context.Background(), claim)
	if err != nil {
		refusal := denied(err)
		if refusal == nil {
			c.log.Error("an agent could not be looked up or registered", "agent", claim.AgentID, "error", err)
			return c.refuse(f, codeUnavailable, "the endpoint cannot use its store")
		}
		if errors.Is(err, intake.ErrOtherKey) {
			c.srv.report(&claim)
		}
		return c.refuseHello(f, &p, refusal)
	}
	c.relay = c.relay || admission.Relay
	c.logAdmission(&claim, &admission)
	use, limit := c.count(holderOf(&admission), p.AgentID, len(f.Params))
	if limit != nil {
		c.log.Warn("hello refused: a rate limit", "agent", p.AgentID, "reason", limit.Message)
		return errors.Join(c.refuseLimit(f, limit), c.helloFailed())
	}
	now := claim.Now
	s := newSession(f.Source, p.AgentID, admission.Access, p.clockOffset(now), now)
	s.use = use
	s.follows = newFollower(&p)
	c.open(s)
	if !c.authenticated {
		c.authenticated = true
		c.srv.admission.move(c.place, active)
	}
	c.log.Debug("hello", "source", intake.Shorten(f.Source), "agent", p.AgentID)
	s.hello = &intake.Hello{
		Name:           shorttext.Truncate(p.AgentName, intake.MaxNameBytes),
		ProcessVersion: shorttext.Truncate(p.ProcessVersion, intake.MaxNameBytes),
		BundleVersion:  shorttext.Truncate(p.BundleVersion, intake.MaxNameBytes),
		BundleState:    shorttext.Truncate(p.BundleState, intake.MaxNameBytes),
		BundleName:     shorttext.Truncate(p.BundleName, maxBundleName),
		BundleChannel:  shorttext.Truncate(p.BundleChannel, maxBundleName),
		Remote:         c.remote,
		Session:        claim.Session,
		ClockOffsetMS:  s.clockOffset,
	}
	c.unsubmitted = append(c.unsubmitted, s)
	return c.reply(f, c.welcome(s, &admission, p.ScheduleHash))
}

// submitHellos submits the hellos that came without a request after them. It is called when nothing more
// has arrived.
func (c *conn) submitHellos() {
	for _, s := range c.unsubmitted {
		if s.hello != nil {
			c.srv.committer.submit(s.arrival(c.srv.opt.Now()), nil)
		}
	}
	clear(c.unsubmitted)
	c.unsubmitted = c.unsubmitted[:0]
}

// refuseHello answers a hello with an error.
func (c *conn) refuseHello(f *transport.Frame, p *helloParams, refusal *transport.Error) error {
	c.log.Warn("hello refused", "source", intake.Shorten(f.Source),
		"agent", intake.Shorten(p.AgentID), "reason", refusal.Message)
	return errors.Join(c.refuseWith(f, refusal), c.helloFailed())
}

// welcome returns hello's result. schedule_changed is sent only to an agent that sent its schedule's hash,
// and only where there is a schedule to compare with.
func (c *conn) welcome(s *session, a *intake.Admission, has *string) json.RawMessage {
	b := fmt.Appendf(nil, `{"heartbeat_interval":%d,"features":%s`,
		c.srv.opt.Limits.Heartbeat.Milliseconds(), announced)
	if _, hash, err := c.srv.opt.Schedules.For(s.agentID); err == nil {
		s.setSchedule(hash)
		if has != nil {
			b = strconv.AppendBool(append(b, `,"schedule_changed":`...), *has != hash)
		}
	}
	return append(identityFields(b, a), '}')
}

// checkHello reads hello's params and checks all but who the agent is.
func (c *conn) checkHello(f *transport.Frame) (p helloParams, code int, err error) {
	if f.Params == nil {
		return p, transport.CodeBadRequest, intake.ErrNoParams
	}
	if p, err = parseHello(f.Params); err != nil {
		return p, transport.CodeBadRequest, err
	}
	if err := intake.CheckAgentID(p.AgentID); err != nil {
		return p, transport.CodeForbidden, err
	}
	switch {
	case len(p.Token) > maxTokenBytes:
		return p, transport.CodeUnauthorized, intake.ErrBadToken
	case len(c.sessions) >= c.srv.opt.Limits.AgentsPerConnection:
		return p, codeUnavailable, errTooManyAgents
	}
	if err := c.checkClient(p.AgentID); err != nil {
		return p, transport.CodeForbidden, err
	}
	return p, 0, nil
}

// helloFailed counts a failed hello. After a successful one, the connection may be that of a relay: then
// the limit is at least Limits.AgentsPerConnection. Error: errFailedHellos.
func (c *conn) helloFailed() error {
	c.failedHellos++
	most := c.srv.opt.Limits.FailedHellos
	if c.authenticated {
		most = max(most, c.srv.opt.Limits.AgentsPerConnection)
	}
	if c.failedHellos >= most {
		return errFailedHellos
	}
	return nil
}
