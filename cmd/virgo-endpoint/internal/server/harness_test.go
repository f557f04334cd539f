package server

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// A site is a folder that was set up, a store in memory, a token for agents without keys,
// and what a client needs to trust it.
type site struct {
	dir   folder.Dir
	store *intaketest.Memory
	token string
	roots *x509.CertPool
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{dir: folder.Dir(filepath.Join(t.TempDir(), "endpoint")), store: &intaketest.Memory{},
		roots: x509.NewCertPool()}
	if _, err := folder.Init(s.dir, []string{"localhost", "127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	s.token = s.legacyToken(t, append(intaketest.Agents(), agentsOfTests()...)...)
	pem, err := os.ReadFile(s.dir.CAFile())
	if err != nil || !s.roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in ca.pem: %v", err)
	}
	return s
}

// agentsOfTests are the ids of the tests' agents without keys, besides intaketest.Agents.
func agentsOfTests() []string {
	ids := []string{"ahead", "agent-7f3", "agentA", "d", "e", "good", "half", "held", "huge", "known", "late", "large", "larger",
		"null", "object", "other", "quick", "reset", "silent", "slow", "small", "text", "whole",
		strings.Repeat("x", intake.MaxIDBytes)}
	for i := range 10 {
		ids = append(ids, fmt.Sprint("a", i), fmt.Sprint("ghost", i), fmt.Sprint("half", i))
	}
	for i := range 40 {
		ids = append(ids, fmt.Sprint("daemon", i))
	}
	return ids
}

// legacyToken makes a token for agents of the existing protocol.
func (s *site) legacyToken(t testing.TB, agents ...string) string {
	t.Helper()
	return s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: agents})
}

func (s *site) addToken(t testing.TB, spec intake.TokenSpec) string {
	t.Helper()
	secret, _, err := s.store.AddToken(t.Context(), spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// A running is a server on loopback and what it logged.
type running struct {
	*site
	server *Server
	addr   string
	log    *syncBuffer
	served chan error
}

// start serves the site with a changed copy of its ordinary options.
func (s *site) start(t testing.TB, change ...func(*Options)) *running {
	t.Helper()
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return s.startOn(t, l, change...)
}

func (s *site) startOn(t testing.TB, l net.Listener, change ...func(*Options)) *running {
	t.Helper()
	r := &running{site: s, addr: l.Addr().String(), log: &syncBuffer{}, served: make(chan error, 1)}
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cert, err := folder.LoadCertificate(s.dir, log, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	opt := Options{
		Intake:      s.store,
		Schedules:   folder.NewSchedules(s.dir.SchedulesDir(), log, time.Now),
		TLS:         cert.TLSConfig(),
		SignReceipt: cert.SignReceipt,
		Log:         log,
		Limits:      Limits{Linger: 200 * time.Millisecond},
	}
	for _, c := range change {
		c(&opt)
	}
	r.server = New(opt)
	go func() { r.served <- r.server.Serve(l) }()
	t.Cleanup(func() {
		r.stop(t)
		if strings.Contains(r.log.String(), s.token) {
			t.Error("the token is in the log")
		}
	})
	return r
}

func (r *running) stop(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.server.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
}

func (s *site) clientTLS() *tls.Config { return &tls.Config{RootCAs: s.roots, ServerName: "localhost"} }

// dial opens a connection and its TLS.
func (r *running) dial(t testing.TB) *peertest.Peer {
	t.Helper()
	return peertest.Dial(t, r.addr, r.clientTLS())
}

// over opens TLS over a connection.
func (r *running) over(t testing.TB, nc net.Conn) *peertest.Peer {
	t.Helper()
	return peertest.Over(t, nc, r.clientTLS())
}

// results lists what is stored.
func (s *site) results(t testing.TB, f intake.Filter) []intake.Result {
	t.Helper()
	return intaketest.Results(t, s.store, f)
}

// wantStored checks how many results are stored.
func (s *site) wantStored(t testing.TB, want int) {
	t.Helper()
	if n := len(s.results(t, intake.Filter{})); n != want {
		t.Errorf("%d results are stored, want %d", n, want)
	}
}

// A hookedIntake calls before ahead of each Append.
type hookedIntake struct {
	intake.Intake
	before func()
}

func (h hookedIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	h.before()
	return h.Intake.Append(ctx, batch)
}

// beforeAppend makes a server call f before each batch that it stores.
func beforeAppend(f func()) func(*Options) {
	return func(o *Options) { o.Intake = hookedIntake{o.Intake, f} }
}

// large is a result's params, n bytes and more.
func large(n int) string { return largeAs("large", n) }

func largeAs(resultID string, n int) string {
	return strings.Replace(peertest.Metric(resultID, "c"),
		`"v":"12"`, `"v":"12"},"text":{"t":"string","v":"`+strings.Repeat("x", n)+`"`, 1)
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
