package endtoend

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/store"
	"virgo/transport"
	"virgo/transport/receipt"
)

// roundKills are the kills of a round.
const roundKills = 100

// tortureTime is how long the endpoint is killed and started again: one round, or as many as fit into what
// VIRGO_TORTURE says ("10m").
func tortureTime(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("VIRGO_TORTURE")
	if text == "" {
		if os.Getenv("VIRGO_TEST") != "all" {
			t.Skip("takes minutes: VIRGO_TEST=all runs this test")
		}
		return 0
	}
	limit, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("VIRGO_TORTURE: %v", err)
	}
	return limit
}

// A sender is an agent that keeps its results until they are acknowledged, as an agent's spool does.
type sender struct {
	agent string
	site  *site

	mu      sync.Mutex
	next    uint64
	waiting []uint64 // not acknowledged, oldest first
	given   int      // how many of waiting the session has
	acked   []uint64 // by the process that runs now
	refused []string
}

// begin makes results until so many wait, and gives all of them to the next session.
func (s *sender) begin(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = 0
	for len(s.waiting) < most {
		s.next++
		s.waiting = append(s.waiting, s.next)
	}
}

func (s *sender) Next(context.Context) ([]transport.Post, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(64, len(s.waiting)-s.given)
	var posts []transport.Post
	for _, k := range s.waiting[s.given : s.given+n] {
		posts = append(posts,
			transport.Post{Key: k, Params: []byte(peertest.Metric(receipt.ID(s.agent, 1, k), "c"))})
	}
	s.given += n
	return posts, nil
}

func (s *sender) Rewind() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = 0
}

func (s *sender) Settle(_ context.Context, outcomes []transport.Outcome) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range outcomes {
		if o.Refused != nil {
			s.refused = append(s.refused, fmt.Sprint(o.Key, ": ", o.Refused))
			continue
		}
		i := slices.Index(s.waiting, o.Key)
		if i < 0 {
			return fmt.Errorf("result %d was acknowledged and does not wait", o.Key)
		}
		s.waiting = slices.Delete(s.waiting, i, i+1)
		s.given--
		s.acked = append(s.acked, o.Key)
	}
	return nil
}

// deliver is one session.
func (s *sender) deliver(ctx context.Context, addr string) error {
	d := tls.Dialer{Config: s.site.clientTLS()}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	session := transport.Start(ctx, conn,
		transport.Identity{AgentID: s.agent, AgentName: "torture", Token: s.site.token},
		transport.SessionOptions{Pipelined: true})
	_, err = session.Deliver(ctx, s)
	return errors.Join(err, session.Close(ctx))
}

// The endpoint is killed again and again, at its commits, in the middle of its answers and at random
// moments, its start included, while agents deliver. After each end what was acknowledged is stored; in
// the end everything is, once.
func TestKilledAtAnyMoment(t *testing.T) {
	limit := tortureTime(t)
	began, kills := time.Now(), 0
	for round := 1; round == 1 || time.Since(began) < limit; round++ {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) { kills += torture(t) })
	}
	t.Logf("%d kills", kills)
}

// A fate is how a process ends.
type fate struct {
	point string // empty: at a random moment
	after int    // how often it passes the point before
	// starting and listening are the delays of a kill after the start and after it listens; below 0 there
	// is none.
	starting, listening time.Duration
}

func randomFate(rnd *rand.Rand) fate {
	f := fate{starting: -1, listening: -1}
	switch rnd.IntN(10) {
	case 0:
		f.point, f.after = beforeCommit, rnd.IntN(20)
	case 1:
		f.point, f.after = afterCommit, rnd.IntN(20)
	case 2:
		f.point, f.after = midAnswer, rnd.IntN(60)
	case 3: // most likely before it listens
		f.starting = time.Duration(rnd.Int64N(int64(50 * time.Millisecond)))
	default:
		f.listening = time.Duration(rnd.Int64N(int64(120 * time.Millisecond)))
	}
	return f
}

// runUntil runs an endpoint to its end while the senders deliver, and says how it ended.
func (s *site) runUntil(t *testing.T, f fate, senders []*sender) string {
	proc := s.run(t, f.point, f.after, func(p *os.Process) {
		if f.starting >= 0 {
			time.AfterFunc(f.starting, func() { p.Kill() })
		}
	})
	if f.listening >= 0 {
		time.AfterFunc(f.listening, func() { proc.cmd.Process.Kill() })
	}
	var wg sync.WaitGroup
	for _, s := range senders {
		wg.Go(func() {
			for proc.addr != "" {
				s.begin(300)
				if s.deliver(t.Context(), proc.addr) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	proc.cmd.Process.Kill() // where its point was not reached
	proc.wait(t)
	switch {
	case proc.addr == "":
		return "before it listened"
	case f.point == "":
		return "at a random moment"
	}
	return f.point
}

// torture is one round of roundKills, on a store of its own, so that a long run does not fill the disk.
func torture(t *testing.T) (kills int) {
	site := newSite(t)
	st := site.store(t)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	senders := []*sender{{agent: "a", site: site}, {agent: "b", site: site}, {agent: "c", site: site}}
	ends := map[string]int{}
	for ; kills < roundKills; kills++ {
		f := randomFate(rnd)
		ends[site.runUntil(t, f, senders)]++
		for _, s := range senders {
			s.check(t, st)
		}
		if t.Failed() {
			t.Fatalf("in process %d (%+v), seed %d", kills, f, seed)
		}
	}
	checkAll(t, site, senders)
	t.Logf("%d kills (%v), seed %d", kills, ends, seed)
	return kills
}

// checkAll delivers what is left and checks that everything is stored once.
func checkAll(t *testing.T, site *site, senders []*sender) {
	st := site.store(t)
	addr, stop := site.start(t)
	var all uint64
	for _, s := range senders {
		s.begin(0)
		if err := s.deliver(t.Context(), addr); err != nil {
			t.Fatal(err)
		}
		s.check(t, st)
		all += s.next
		ranges, _, err := st.Held(t.Context(), s.agent, []receipt.Range{{Start: 1, From: 0, To: 1 << 60}})
		if err != nil || s.next > 0 &&
			(len(ranges) != 1 || ranges[0] != receipt.Range{Start: 1, From: 1, To: s.next}) {
			t.Errorf("agent %s sent %d results, stored are %v, %v", s.agent, s.next, ranges, err)
		}
	}
	stop()
	var stored uint64
	for id, n := range site.stored(t) {
		if stored += uint64(n); n != 1 {
			t.Errorf("%s is stored %d times", id, n)
		}
	}
	if stored != all {
		t.Errorf("%d results are stored of %d that were sent", stored, all)
	}
	agents, err := st.Agents(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		all -= uint64(a.Results)
	}
	if all != 0 {
		t.Errorf("the agents' counts are %d short", all)
	}
	checkIntegrity(t, site.dir.StoreFile())
}

func checkIntegrity(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s, %v", verdict, err)
	}
}

// check checks that what the last process acknowledged is stored.
func (s *sender) check(t *testing.T, st *store.Store) {
	t.Helper()
	for _, r := range s.refused {
		t.Errorf("agent %s: refused: %s", s.agent, r)
	}
	var wanted receipt.Ranges
	for _, k := range s.acked {
		wanted.Add(1, k)
	}
	held, _, err := st.Held(t.Context(), s.agent, slices.Clone(wanted.List()))
	if err != nil {
		t.Fatal(err)
	}
	set := receipt.NewSet(held)
	for _, k := range s.acked {
		if !set.Has(1, k) {
			t.Errorf("agent %s: result %d was acknowledged and is not stored", s.agent, k)
		}
	}
	s.acked = nil
}
