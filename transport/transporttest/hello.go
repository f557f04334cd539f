package transporttest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net"
	"strings"

	"virgo/transport"
)

func (c *serverConn) hello(f *transport.Frame) error {
	s := c.script
	c.e.records.mu.Lock()
	c.e.records.hellos = append(c.e.records.hellos, bytes.Clone(f.Params))
	number := len(c.e.records.hellos)
	c.e.records.mu.Unlock()
	var p helloParams
	refusal := s.HelloError
	if err := json.Unmarshal(f.Params, &p); err != nil {
		refusal = &transport.Error{Code: transport.CodeBadRequest, Message: "params: " + err.Error()}
	} else if refusal == nil && (s.Token != "" && p.Token != s.Token && !s.Keys || p.AgentID != f.Source) {
		refusal = &transport.Error{Code: transport.CodeUnauthorized, Message: "bad token or agent id"}
	}
	if refusal == nil && s.Keys {
		c.keyFields, refusal = c.checkKey(p)
	}
	if number == s.LoseHello {
		c.conn.Close()
		return net.ErrClosed
	}
	if refusal != nil {
		c.ended = true
		return c.reply(f, nil, refusal)
	}
	c.greeted = true
	if s.Garbage != "" {
		_, err := io.WriteString(c.raw, s.Garbage)
		return err
	}
	if s.AnswerHelloLast {
		pendingHello := *f
		pendingHello.Params = bytes.Clone(f.Params)
		c.pendingHello = &pendingHello
		return nil
	}
	if err := c.reply(f, c.welcome(f), nil); err != nil {
		return err
	}
	for i := range s.UnexpectedResponses {
		stray := &transport.Frame{ID: transport.ID(1<<40 + i), Source: f.Source}
		if err := c.reply(stray, 0, nil); err != nil {
			return err
		}
	}
	if s.Flood > 0 {
		params, err := json.Marshal(strings.Repeat("x", s.FloodBytes))
		if err != nil {
			return err
		}
		for range s.Flood {
			if err := c.ask(f.Source, Request{Method: "flood", Params: params}); err != nil {
				return err
			}
		}
	}
	return nil
}

// welcome returns the result of hello.
func (c *serverConn) welcome(hello *transport.Frame) map[string]any {
	s := c.script
	result := map[string]any{"heartbeat_interval": int64(60_000)}
	if s.HeartbeatInterval != 0 {
		result["heartbeat_interval"] = s.HeartbeatInterval
	}
	maps.Copy(result, c.keyFields)
	if s.EntityID != "" {
		result["entity_id"] = s.EntityID
	}
	if s.Channel != "" {
		result["channel"] = s.Channel
	}
	var features []transport.Feature
	for _, name := range s.Features {
		features = append(features, transport.Feature{Name: name, Version: "1"})
	}
	if s.Keys {
		features = append(features, transport.Feature{Name: transport.FeatureAgentKey, Version: "1"})
	}
	if len(features) > 0 {
		result["features"] = features
	}
	var p struct {
		ScheduleHash string `json:"schedule_hash"`
	}
	if s.has(transport.FeatureScheduleHash) && json.Unmarshal(hello.Params, &p) == nil && p.ScheduleHash != "" {
		result["schedule_changed"] = p.ScheduleHash != s.ScheduleHash
	}
	return result
}
