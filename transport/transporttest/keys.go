package transporttest

import (
	"crypto/tls"
	"maps"
	"slices"

	"virgo/transport"
	"virgo/transport/agentkey"
)

// helloParams are what the endpoint reads of hello.
type helloParams struct {
	Token   string `json:"token"`
	AgentID string `json:"agent_id"`
	Key     string `json:"agent_key"`
	Session uint64 `json:"session"`
	Proof   string `json:"proof"`
}

// checkKey decides about a hello as PROTOCOL.md says under "What an endpoint does with hello". It returns
// the fields that the result gets.
func (c *serverConn) checkKey(p helloParams) (map[string]any, *transport.Error) {
	s, b := c.script, &c.e.records
	refuse := func(kind string) (map[string]any, *transport.Error) {
		return nil, &transport.Error{Code: transport.CodeUnauthorized, Message: "refused: " + kind, Type: kind}
	}
	proved := c.proved(p)
	validToken := p.Token != "" && (s.Token == "" || p.Token == s.Token)
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.keys[p.AgentID]
	if known == "" {
		known = s.KnownKeys[p.AgentID]
	}
	switch {
	case slices.Contains(s.Revoked, p.AgentID):
		return refuse(transport.TypeRevoked)
	case known != "" && (p.Key == "" || p.Proof == ""):
		return refuse(transport.TypeKeyRequired)
	case known != "" && p.Key != known:
		return refuse(transport.TypeOtherKey)
	case known != "" && !proved:
		return refuse(transport.TypeProofFailed)
	case known != "":
	case p.Key == "" && s.LegacyToken && validToken:
		return nil, nil
	case p.Key == "" && validToken:
		return refuse(transport.TypeKeyRequired)
	case p.Key == "":
		return nil, &transport.Error{Code: transport.CodeUnauthorized, Message: "the token is not valid"}
	case !proved && s.LegacyToken && validToken:
		return map[string]any{"key_problem": "the proof does not verify"}, nil
	case !proved:
		return refuse(transport.TypeProofFailed)
	case !validToken:
		return refuse(transport.TypeNotEnrolled)
	}
	if b.keys == nil {
		b.keys, b.lastSession = make(map[string]string), make(map[string]uint64)
	}
	b.keys[p.AgentID] = p.Key
	result := map[string]any{"key_registered": true}
	if last := b.lastSession[p.AgentID]; p.Session <= last {
		result["last_session"] = last
	}
	b.lastSession[p.AgentID] = max(b.lastSession[p.AgentID], p.Session)
	return result, nil
}

// proved reports whether the proof in hello verifies on this connection.
func (c *serverConn) proved(p helloParams) bool {
	conn, ok := c.conn.(*tls.Conn)
	if !ok {
		return false
	}
	exporter, err := agentkey.Exporter(conn.ConnectionState())
	key, keyErr := agentkey.Parse(p.Key)
	proof, proofErr := agentkey.ParseProof(p.Proof)
	if err != nil || keyErr != nil || proofErr != nil {
		return false
	}
	if c.script.EndsTLS { // what is in front of it has a connection of its own
		exporter[0] ^= 1
	}
	return agentkey.Verify(key, p.AgentID, p.Session, exporter, proof)
}

// Keys returns the keys that were registered, by agent id.
func (e *Endpoint) Keys() map[string]string {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	return maps.Clone(e.records.keys)
}

// ForgetKey forgets the key of an agent, as `agents reset` does.
func (e *Endpoint) ForgetKey(agentID string) {
	e.records.mu.Lock()
	defer e.records.mu.Unlock()
	delete(e.records.keys, agentID)
}
