package server

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport"
	"virgo/transport/agentkey"
)

// reportEvery is how often at most an attempt with another key is stored for one agent, so that nobody can
// make the endpoint write by failing.
const reportEvery = time.Minute

// Clients maps clients' certificates to agents.
type Clients interface {
	// May reports whether a client whose certificate has these names may say hello as agentID; relay is
	// true for one that may as any agent.
	May(names []string, agentID string) (ok, relay bool)
}

// equalNames is the mapping where the endpoint's owner made none.
type equalNames struct{}

func (equalNames) May(names []string, agentID string) (ok, relay bool) {
	for _, n := range names {
		if n == agentID {
			return true, false
		}
	}
	return false, false
}

// clientNames returns the names of a client's certificate that its authority vouches for.
func clientNames(cert *x509.Certificate) []string {
	var names []string
	if cert.Subject.CommonName != "" {
		names = append(names, cert.Subject.CommonName)
	}
	return append(append(names, cert.DNSNames...), cert.EmailAddresses...)
}

// checkClient returns an error if the client's certificate is not for this agent. A connection without one
// passes: whether one is needed, TLS decided.
func (c *conn) checkClient(agentID string) error {
	certs := c.state.PeerCertificates
	if len(certs) == 0 || c.relay {
		return nil
	}
	names := clientNames(certs[0])
	ok, relay := c.srv.opt.Clients.May(names, agentID)
	if ok || relay {
		return nil
	}
	return fmt.Errorf("the client certificate is for %s, not for agent %s; if it should be, the endpoint's owner maps it "+
		"(virgo-endpoint serve --client-ids)", intake.Quote(clientName(certs)), intake.Quote(agentID))
}

// claim returns what a hello says about its agent. The proof is verified here, once for the session.
// Error: a key or a session that cannot be one.
func (c *conn) claim(p *helloParams) (intake.Claim, error) {
	claim := intake.Claim{AgentID: p.AgentID, Token: p.Token, Remote: c.remote, Now: c.srv.opt.Now()}
	if p.AgentKey == "" || p.Proof == "" {
		return claim, nil
	}
	key, err := agentkey.Parse(p.AgentKey)
	if err != nil {
		return claim, fmt.Errorf("agent_key: %w", err)
	}
	session, err := strconv.ParseUint(string(p.Session), 10, 64)
	if err != nil || session == 0 || session > agentkey.MaxSession {
		return claim, fmt.Errorf("session is not a whole number from 1 to %d", agentkey.MaxSession)
	}
	claim.Key, claim.Session = key, session
	claim.Proven = c.proves(p, key, session)
	return claim, nil
}

// proves reports whether a hello's proof belongs to this connection.
func (c *conn) proves(p *helloParams, key ed25519.PublicKey, session uint64) bool {
	proof, err := agentkey.ParseProof(p.Proof)
	if err != nil || !c.state.HandshakeComplete {
		return false
	}
	exporter, err := agentkey.Exporter(c.state)
	return err == nil && agentkey.Verify(key, p.AgentID, session, exporter, proof)
}

// denied returns the error object for a claim that was refused; nil if err is another error.
func denied(err error) *transport.Error {
	for _, d := range []struct {
		err error
		typ string
	}{
		{intake.ErrRevoked, transport.TypeRevoked},
		{intake.ErrKeyRequired, transport.TypeKeyRequired},
		{intake.ErrOtherKey, transport.TypeOtherKey},
		{intake.ErrKeyElsewhere, transport.TypeOtherKey},
		{intake.ErrProofFailed, transport.TypeProofFailed},
		{intake.ErrNotEnrolled, transport.TypeNotEnrolled},
		{intake.ErrBadToken, ""},
	} {
		if errors.Is(err, d.err) {
			return &transport.Error{Code: transport.CodeUnauthorized, Message: err.Error(), Type: d.typ}
		}
	}
	return nil
}

// logAdmission logs what an endpoint's owner should see of an accepted hello.
func (c *conn) logAdmission(claim *intake.Claim, a *intake.Admission) {
	switch {
	case a.Enrolled:
		c.log.Info("agent enrolled", "agent", claim.AgentID, "key", agentkey.Fingerprint(claim.Key), "token", a.TokenID)
	case a.Problem != "":
		c.log.Warn("an agent's key was not registered", "agent", claim.AgentID, "reason", a.Problem)
	case a.TwoHosts:
		c.log.Warn("two hosts use an agent's key", "agent", claim.AgentID, "session", claim.Session, "last_session", a.LastSession)
	case a.LastSession != 0:
		c.log.Info("the number of an agent's session did not grow", "agent", claim.AgentID,
			"session", claim.Session, "last_session", a.LastSession)
	}
}

// A reporter limits how often attempts with other keys are stored. Only ids of registered agents get into
// it, so it is as large as the fleet.
type reporter struct {
	mu   sync.Mutex
	last map[string]time.Time // by agent id
}

// report stores an attempt to use an agent's id with another key.
func (s *Server) report(claim *intake.Claim) {
	s.reports.mu.Lock()
	defer s.reports.mu.Unlock()
	if last, ok := s.reports.last[claim.AgentID]; ok {
		if since := claim.Now.Sub(last); since >= 0 && since < reportEvery {
			return
		}
	}
	s.reports.last[claim.AgentID] = claim.Now
	s.committer.submit(intake.Arrival{AgentID: claim.AgentID, Received: claim.Now,
		OtherKey: &intake.OtherKey{Key: claim.Key, Remote: claim.Remote}}, nil)
}

// identityFields appends what hello's result says about the agent's key.
func identityFields(b []byte, a *intake.Admission) []byte {
	if a.Registered {
		b = append(b, `,"key_registered":true`...)
	}
	if a.LastSession != 0 {
		b = strconv.AppendUint(append(b, `,"last_session":`...), a.LastSession, 10)
	}
	if a.Problem != "" {
		if text, err := json.Marshal(a.Problem); err == nil {
			b = append(append(b, `,"key_problem":`...), text...)
		}
	}
	return b
}
