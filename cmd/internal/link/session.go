package link

import (
	"context"
	"slices"
	"time"

	"virgo/spool/lz4"
	"virgo/transport"
)

// features are announced in hello.
var features = []transport.Feature{
	{Name: transport.FeaturePipelining, Version: "1"},
	{Name: transport.FeatureResultID, Version: "1"},
	{Name: transport.FeatureScheduleHash, Version: "1"},
	{Name: transport.FeatureAgentKey, Version: "1"},
	{Name: transport.FeaturePostMulti, Version: "1"},
	{Name: transport.FeaturePostMultiLZ4, Version: "1"},
}

// features returns what hello announces.
func (s *Session) features() []transport.Feature {
	if s.cfg.BundleName == "" {
		return features
	}
	return append(features[:len(features):len(features)], transport.Feature{Name: transport.FeatureBundleUpgrade, Version: "1"})
}

// noBundle is the state of a host that would take a bundle and has none.
const noBundle = "none"

// bundleState returns how the bundle of scripts does, for hello.
func (s *Session) bundleState() string {
	state := s.state.Bundle.Text()
	if state == "" && s.cfg.BundleName != "" {
		return noBundle
	}
	return state
}

// A Session is this host's connection to its endpoint during one run or one command, with the
// stored state about the endpoint. It connects when the connection is first needed, and uses it for
// everything.
type Session struct {
	cfg *Config
	// Manual means that a person requested this session, so a backoff does not prevent it.
	Manual bool

	state    State // as remembered, and as this session will leave it
	unsaved  bool  // state.Status has news that no transaction has taken yet
	noticed  bool  // Conclude printed that the delivery fails
	conn     *transport.Session
	endpoint string
	identity identity  // of the last connection
	greeted  bool      // its welcome was taken
	single   bool      // the endpoint refused several results in one frame, which it announced
	started  time.Time // when the delivery began
	// changed means that the endpoint announced another schedule, which is not yet fetched.
	changed bool
	// renewErr is the error of Renew; after a permanent one, the delivery is not tried.
	renewErr error
}

// NewSession returns a session that starts from the stored state. It does not connect yet.
func NewSession(cfg *Config, st State) *Session { return &Session{cfg: cfg, state: st} }

// State returns the state as this session has changed it.
func (s *Session) State() State { return s.state }

// Noticed reports whether Conclude printed that the delivery fails.
func (s *Session) Noticed() bool { return s.noticed }

// Endpoint returns the endpoint of the last connection, as configured; empty if there was none.
func (s *Session) Endpoint() string { return s.endpoint }

// open connects and sends hello, unless the session is open. The context dialing bounds connecting,
// ctx the session.
func (s *Session) open(dialing, ctx context.Context) error {
	if s.conn != nil {
		return nil
	}
	cfg := s.cfg
	if err := s.mayConnect(); err != nil {
		return err
	}
	dialer := transport.Dialer{
		Endpoints: cfg.Endpoints, TLS: cfg.TLS, Proxy: cfg.Proxy, DialContext: cfg.DialContext,
	}
	conn, endpoint, err := dialer.Dial(dialing)
	if err != nil {
		if err := cfg.TLS.Check(); err != nil {
			return &ConfigError{Err: err}
		}
		return err
	}
	if cfg.Connected != nil {
		cfg.Connected()
	}
	s.endpoint, s.greeted = endpoint, false
	cfg.Verbose("session: connected to %s", endpoint)
	if s.identity, err = s.identify(conn, endpoint); err != nil {
		conn.Close()
		return err
	}
	s.conn = transport.Start(ctx, conn, transport.Identity{
		AgentID:        cfg.ID,
		AgentName:      cfg.Name,
		Token:          s.identity.token,
		Proof:          s.identity.proof,
		ProcessVersion: cfg.Version,
		BundleVersion:  s.state.Bundle.VersionOr(cfg.Version),
		BundleState:    s.bundleState(),
		BundleName:     cfg.BundleName,
		BundleChannel:  cfg.BundleChannel,
		Features:       s.features(),
		ScheduleHash:   s.scheduleHash(),
	}, transport.SessionOptions{
		Pipelined: s.announced(transport.FeaturePipelining),
		Multi:     s.announced(transport.FeaturePostMulti),
		MultiLZ4:  s.announced(transport.FeaturePostMultiLZ4),
		Single:    s.single,
		Compress:  lz4.Append,
		Handler:   s.answer,
		Now:       cfg.Now,
		Large:     cfg.Large,
	})
	return nil
}

// announced reports whether the endpoint announced a feature in an earlier session.
func (s *Session) announced(feature string) bool {
	return slices.Contains(s.state.Features[s.endpoint], feature)
}

// welcome waits for the answer to hello and records what it says.
func (s *Session) welcome(ctx context.Context) (transport.Welcome, error) {
	w, err := s.conn.Welcome(ctx)
	if err == nil {
		s.noteWelcome(&w)
	}
	return w, err
}

// noteWelcome records, once in a session, what the answer to hello says about the endpoint.
func (s *Session) noteWelcome(w *transport.Welcome) {
	if s.greeted {
		return
	}
	s.greeted = true
	names := make([]string, 0, len(w.Features))
	for _, f := range w.Features {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	if s.state.setFeatures(s.endpoint, names) {
		s.unsaved = true
	}
	s.noteKey(w)
}

// goodbye ends a session in order. An error is printed with --verbose only: all results are
// settled.
func (s *Session) goodbye(ctx context.Context) {
	if err := s.conn.Close(ctx); err != nil {
		s.cfg.Verbose("session: %v", err)
	}
	if offset, ok := s.conn.ClockOffset(); ok {
		s.setOffset(offset)
	}
	s.conn = nil
	s.markScheduleChanged(ctx) // the last heartbeat may have announced it
}

// Close closes a session that is still open, without waiting.
func (s *Session) Close() {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_ = s.conn.Close(ctx) // why it ended is known already
	s.conn = nil
}
