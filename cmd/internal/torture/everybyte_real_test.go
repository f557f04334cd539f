package torture

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/internal/run"
)

// The same with the real virgo-endpoint and its store on disk, over loopback: sessions are cut after a random byte,
// more often during hello.
func TestEveryByteOfTheRealEndpoint(t *testing.T) {
	const results = 40
	r := newRealEndpoint(t)
	limit := newBudget(t, 6*time.Second, 5)
	draw := seededRandom(t)
	kept := make(map[string]bool)
	cases := 0
	for ; cases == 0 || limit.timeLeft(); cases++ {
		most := 12_000 // bytes that the agent sends: hello and the results
		in := draw.IntN(2) == 0
		if !in {
			most = 6_000
		}
		if draw.IntN(2) == 0 {
			most = 2_500
		}
		at := 1 + draw.IntN(most)
		a := newAgent(t, fmt.Sprintf("cut-%d", cases), fastDir(t))
		a.Token = func() (string, error) { return r.token, nil }
		seed := sha256.Sum256([]byte(a.ID))
		a.Key = func() (ed25519.PrivateKey, error) { return ed25519.NewKeyFromSeed(seed[:]), nil }
		a.Endpoints, a.TLS.Pins = []string{r.address}, []string{r.pin}
		localChecks(t, a.ChecksDir, results)
		if rep, err := a.Run(t.Context(), run.Options{}); err != nil || rep.Kept != results {
			t.Fatalf("%+v, %v", rep, err)
		}
		for _, id := range waitingIn(t, a.Spool) {
			kept[id] = true
		}
		a.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &cutConn{Conn: conn, countWrites: in, left: at}, nil
		}
		damaged, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // no time for another attempt
		if _, err := a.Flush(damaged); err != nil {
			t.Errorf("cut at %d (in %v): %v", at, in, err)
		}
		cancel()
		a.DialContext = nil
		if d, err := a.Flush(t.Context()); err != nil || d.Err != nil {
			t.Errorf("cut at %d (in %v): then %+v, %v", at, in, d, err)
		}
		if left := waitingIn(t, a.Spool); len(left) > 0 {
			t.Errorf("cut at %d (in %v): %d results still wait", at, in, len(left))
		}
	}
	if len(kept) != cases*results {
		t.Errorf("%d results were stored in spools, want %d", len(kept), cases*results)
	}
	stored := make(map[string]bool)
	for _, a := range r.stored() {
		if stored[a.ResultID] || !kept[a.ResultID] {
			t.Errorf("%q is stored twice, or was never in the spool", a.ResultID)
		}
		stored[a.ResultID] = true
	}
	if len(stored) != len(kept) {
		t.Errorf("%d results are stored, want %d", len(stored), len(kept))
	}
	report(t, "every-byte-real-endpoint", cases)
}

// localChecks writes n local checks.
func localChecks(t *testing.T, dir string, n int) {
	t.Helper()
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "- {id: c%d, type: test.ok, period: 60}\n", i)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "many.yaml"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A cutConn is closed after a number of bytes in one direction.
type cutConn struct {
	net.Conn
	countWrites bool // count what is written, else what is read

	mu   sync.Mutex
	left int
}

func (s *cutConn) Read(b []byte) (int, error) {
	if s.countWrites {
		return s.Conn.Read(b)
	}
	n, err := s.Conn.Read(b[:min(len(b), max(s.remaining(), 1))])
	s.count(n)
	return n, err
}

func (s *cutConn) Write(b []byte) (int, error) {
	if !s.countWrites {
		return s.Conn.Write(b)
	}
	n, err := s.Conn.Write(b[:min(len(b), s.remaining())])
	s.count(n)
	if err == nil && n < len(b) {
		err = io.ErrClosedPipe
	}
	return n, err
}

func (s *cutConn) remaining() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func (s *cutConn) count(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left -= n; s.left <= 0 {
		s.Conn.Close()
	}
}
