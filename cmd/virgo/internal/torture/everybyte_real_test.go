package torture

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo/internal/agent"
)

// The same with the real virgo-endpoint and its store on the disk, over the machine's own network: sessions
// are cut after a byte that chance chooses, more often while hello is said.
func TestEveryByteOfTheRealEndpoint(t *testing.T) {
	const results = 40
	r := newReceiver(t)
	limit := newBudget(t, 6*time.Second, 5)
	draw := draws(t)
	kept := make(map[string]bool)
	cases := 0
	for ; cases == 0 || limit.left(); cases++ {
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
		a.Endpoints, a.TLS.Pins = []string{r.address}, []string{r.pin}
		localChecks(t, a.ChecksDir, results)
		if rep, err := a.Run(t.Context(), agent.Options{}); err != nil || rep.Kept != results {
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
			return &severed{Conn: conn, out: in, left: at}, nil
		}
		damaged, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond) // no time for another try
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
		t.Errorf("%d results were kept, want %d", len(kept), cases*results)
	}
	stored := make(map[string]bool)
	for _, a := range r.arrivals() {
		if stored[a.ResultID] || !kept[a.ResultID] {
			t.Errorf("%q is stored twice, or was never kept", a.ResultID)
		}
		stored[a.ResultID] = true
	}
	if len(stored) != len(kept) {
		t.Errorf("%d results are stored, want %d", len(stored), len(kept))
	}
	report(t, "every-byte-real-endpoint", cases)
}

// localChecks writes n checks of the host owner's own.
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

// A severed connection ends after so many bytes one way.
type severed struct {
	net.Conn
	out bool // counted on what is written, else on what is read

	mu   sync.Mutex
	left int
}

func (s *severed) Read(b []byte) (int, error) {
	if s.out {
		return s.Conn.Read(b)
	}
	n, err := s.Conn.Read(b[:min(len(b), max(s.remains(), 1))])
	s.spend(n)
	return n, err
}

func (s *severed) Write(b []byte) (int, error) {
	if !s.out {
		return s.Conn.Write(b)
	}
	n, err := s.Conn.Write(b[:min(len(b), s.remains())])
	s.spend(n)
	if err == nil && n < len(b) {
		err = io.ErrClosedPipe
	}
	return n, err
}

func (s *severed) remains() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.left
}

func (s *severed) spend(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left -= n; s.left <= 0 {
		s.Conn.Close()
	}
}
