package endtoend

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// A site is a folder that was set up, a token for agents without keys,
// and what a client needs to trust it.
type site struct {
	dir   folder.Dir
	token string
	roots *x509.CertPool
}

func newSite(t testing.TB) *site {
	t.Helper()
	s := &site{dir: folder.Dir(filepath.Join(t.TempDir(), "endpoint")), roots: x509.NewCertPool()}
	if _, err := folder.Init(s.dir, []string{"localhost", "127.0.0.1"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Create(t.Context(), s.dir.StoreFile()); err != nil {
		t.Fatal(err)
	}
	s.token = s.addToken(t, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: agentsOfTests()})
	pem, err := os.ReadFile(s.dir.CAFile())
	if err != nil || !s.roots.AppendCertsFromPEM(pem) {
		t.Fatalf("no certificate in ca.pem: %v", err)
	}
	return s
}

// agentsOfTests are the ids of the tests' agents without keys.
func agentsOfTests() []string {
	ids := []string{"a", "b", "c", "real"}
	for i := range 1000 {
		ids = append(ids, fmt.Sprint("padded", i), fmt.Sprint("ghost", i), fmt.Sprint("half", i))
	}
	return ids
}

func (s *site) addToken(t testing.TB, spec intake.TokenSpec) string {
	t.Helper()
	secret, _, err := s.store(t).AddToken(t.Context(), spec, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// store opens the site's store, as another process has it.
func (s *site) store(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), s.dir.StoreFile())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func (s *site) clientTLS() *tls.Config { return &tls.Config{RootCAs: s.roots, ServerName: "localhost"} }

func (s *site) dial(t testing.TB, addr string) *peertest.Peer {
	t.Helper()
	return peertest.Dial(t, addr, s.clientTLS())
}

// dialFrom is dial from another address of this host.
func (s *site) dialFrom(t testing.TB, addr, from string) *peertest.Peer {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	nc, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Skipf("this system has no address %s: %v", from, err)
	}
	return peertest.Over(t, nc, s.clientTLS())
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start serves the site until the test ends, or until stop is called.
func (s *site) start(t testing.TB, change ...func(*server.Options)) (addr string, stop func()) {
	t.Helper()
	opt, err := options(s.dir, s.store(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(&opt)
	}
	l, err := server.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := server.New(opt)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	stop = func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := srv.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

// options are those of a server on a folder.
func options(dir folder.Dir, st intake.Intake) (server.Options, error) {
	log := slog.New(slog.DiscardHandler)
	cert, err := folder.LoadCertificate(dir, log, time.Now)
	if err != nil {
		return server.Options{}, err
	}
	return server.Options{
		Intake:      st,
		Schedules:   folder.NewSchedules(dir.SchedulesDir(), log, time.Now),
		TLS:         cert.TLSConfig(),
		SignReceipt: cert.SignReceipt,
		Log:         log,
	}, nil
}

// stored counts how often each result id is stored.
func (s *site) stored(t testing.TB) map[string]int {
	t.Helper()
	ids := map[string]int{}
	err := s.store(t).Results(t.Context(), intake.Filter{},
		func(r intake.Result) error { ids[r.ResultID]++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return ids
}
