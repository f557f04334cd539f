package link

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"virgo/cmd/internal/edsign"
	"virgo/transport"
	"virgo/transport/agentkey"
)

// An identity is what one hello says about who this host is.
type identity struct {
	proof transport.Proof // the zero value: none
	token string          // empty: none
	key   string          // the key's fingerprint; empty without a proof
}

// Credentials returns why no session may be opened, and the token; empty if there is none and this host
// has a key. Error: [ConfigError].
func (c *Config) Credentials() (string, error) {
	if c.Untrusted != nil {
		return "", &ConfigError{Err: fmt.Errorf("nothing is delivered: %w", c.Untrusted)}
	}
	token, err := c.Token()
	if err != nil {
		return "", &ConfigError{Err: fmt.Errorf("reading the token: %w", err)}
	}
	if token == "" && c.Key == nil {
		return "", &ConfigError{Err: ErrNoToken}
	}
	return token, nil
}

// mayConnect returns why no session may be opened. The token is read if every endpoint needs it, so that
// a mistake in it is found without a connection.
func (s *Session) mayConnect() error {
	if s.cfg.Untrusted == nil && len(s.state.Confirmed) > 0 {
		return nil
	}
	_, err := s.cfg.Credentials()
	return err
}

// identify returns what hello says to this endpoint: a proof, unless the endpoint is known not to
// understand it, and the token, unless the endpoint has confirmed the key. Without a proof the token
// suffices: a disk that is full must not keep results from being delivered.
func (s *Session) identify(conn net.Conn, endpoint string) (identity, error) {
	id, err := s.prove(conn, endpoint)
	var owners *ConfigError
	if errors.As(err, &owners) {
		return id, err
	}
	if id.key != "" && s.state.Confirmed[endpoint] == id.key {
		return id, nil
	}
	if err != nil {
		s.cfg.Verbose("session: no proof of this host's key: %v", err)
	}
	token, tokenErr := s.cfg.Credentials()
	switch {
	case tokenErr != nil:
		return id, tokenErr
	case token == "" && id.key == "" && err != nil:
		return id, fmt.Errorf("there is neither a key nor a token: %w", err)
	}
	id.token = token
	return id, nil
}

// prove makes the proof for this connection, with the next number of a session. The zero value: none can
// be made, or the endpoint would not understand it.
func (s *Session) prove(conn net.Conn, endpoint string) (identity, error) {
	features, known := s.state.Features[endpoint]
	old := known && !slices.Contains(features, transport.FeatureAgentKey)
	if s.cfg.Key == nil || old && s.state.Confirmed[endpoint] == "" {
		return identity{}, nil
	}
	key, err := s.cfg.Key()
	if err != nil {
		return identity{}, err
	}
	c, ok := conn.(interface{ ConnectionState() tls.ConnectionState })
	if !ok {
		return identity{}, agentkey.ErrNoExporter
	}
	exporter, err := agentkey.Exporter(c.ConnectionState())
	if err != nil {
		return identity{}, err
	}
	session := s.state.nextSession()
	text, err := agentkey.Text(s.cfg.ID, session, exporter)
	if err != nil {
		return identity{}, err
	}
	signature := edsign.Sign(key, text)
	public := key.Public().(ed25519.PublicKey)
	return identity{
		key:   agentkey.Fingerprint(public),
		proof: transport.Proof{Key: agentkey.Encode(public), Signature: agentkey.EncodeProof(signature), Session: session},
	}, nil
}

// noteKey takes what the answer to hello says about this host's key.
func (s *Session) noteKey(w *transport.Welcome) {
	if s.identity.key == "" {
		return
	}
	confirmed := ""
	if w.KeyRegistered && w.Has(transport.FeatureAgentKey) {
		confirmed = s.identity.key
	}
	if s.state.setConfirmed(s.endpoint, confirmed) {
		s.unsaved = true
		s.cfg.Verbose("session: %s has this host's key: %v", s.endpoint, confirmed != "")
	}
	if w.KeyProblem != s.state.KeyProblem {
		s.state.KeyProblem, s.unsaved = w.KeyProblem, true
	}
	if w.KeyProblem != "" {
		s.cfg.Verbose("session: %s did not register this host's key: %s", s.endpoint, w.KeyProblem)
	}
	if w.LastSession > 0 {
		s.cfg.Verbose("session: %s has seen session %d of this host, this is %d: its state was restored, "+
			"or another host has a copy", s.endpoint, w.LastSession, s.identity.proof.Session)
		s.state.Behind++
		s.state.BehindMS = s.cfg.Now().UnixMilli()
		s.unsaved = true
		s.state.goOnFrom(w.LastSession)
	}
	s.dropToken()
}

// dropToken deletes the token that setup left, once every configured endpoint has confirmed the key.
// An error leaves it for the next run.
func (s *Session) dropToken() {
	all := s.cfg.AllConfirmed(s.state.Status, s.identity.key)
	if all == s.state.TokenDropped {
		return
	}
	if all && s.cfg.DropToken != nil {
		if err := s.cfg.DropToken(); err != nil {
			s.cfg.Verbose("session: the token is not needed any more: %v", err)
			return
		}
	}
	s.state.TokenDropped, s.unsaved = all, true
}

// AllConfirmed reports whether every configured endpoint has confirmed the key with this fingerprint. For
// an SRV name that is every target that is known.
func (c *Config) AllConfirmed(st Status, key string) bool {
	for _, endpoint := range c.Endpoints {
		if !st.confirmedBy(endpoint, key) {
			return false
		}
	}
	return key != "" && len(c.Endpoints) > 0
}

func (st *Status) confirmedBy(endpoint, key string) bool {
	if !strings.HasPrefix(endpoint, "_") {
		return st.Confirmed[endpoint] == key
	}
	some := false
	for target := range st.Features {
		if strings.HasPrefix(target, endpoint+" (") && st.Confirmed[target] != key {
			return false
		}
	}
	for target, confirmed := range st.Confirmed {
		some = some || strings.HasPrefix(target, endpoint+" (") && confirmed == key
	}
	return some
}

// triesAnew takes the error of a session, and reports whether another one at once may succeed, with what
// was left out of hello: the key, of an endpoint that knew none when it was last reached; or the token,
// of one that has forgotten this host's key; or with single posts, to one that was replaced by an earlier
// version, which knows no others.
func (s *Session) triesAnew(err error) bool {
	if errors.Is(err, transport.ErrNoMulti) {
		s.single = true
		return true
	}
	switch transport.KeyRefusal(err) {
	case transport.TypeKeyRequired:
		_, known := s.state.Features[s.endpoint]
		delete(s.state.Features, s.endpoint)
		return known && s.identity.key == "" && s.cfg.Key != nil
	case transport.TypeNotEnrolled:
		if !s.state.setConfirmed(s.endpoint, "") {
			return false
		}
		s.unsaved = true
		token, tokenErr := s.cfg.Token()
		return tokenErr == nil && token != ""
	}
	return false
}
