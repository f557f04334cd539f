package endpoint

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

// roundKills are the kills of a round.
const roundKills = 100

// tortureTime bounds how long the endpoint is killed and started again: one round in a normal run, or as many
// as fit into what VIRGO_TORTURE says ("10m").
func tortureTime(t *testing.T) (limit time.Duration, long bool) {
	t.Helper()
	text := os.Getenv("VIRGO_TORTURE")
	if text == "" {
		return 20 * time.Second, false
	}
	limit, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("VIRGO_TORTURE: %v", err)
	}
	return limit, true
}

// A sender is an agent that keeps its results until they are acknowledged, as an agent's spool does.
type sender struct {
	agent string
	site  *site

	mu      sync.Mutex
	next    uint64
	waiting []uint64 // not acknowledged, oldest first
	given   int      // how many of waiting the session has
	acked   []uint64 // in this life
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
		posts = append(posts, transport.Post{Key: k, Params: []byte(metric(receipt.ID(s.agent, 1, k), "c"))})
	}
	s.given += n
	return posts, nil
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
	d := tls.Dialer{Config: &tls.Config{RootCAs: s.site.roots, ServerName: "localhost"}}
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	session := transport.Start(ctx, conn, transport.Identity{AgentID: s.agent, AgentName: "torture", Token: s.site.token},
		transport.SessionOptions{Pipelined: true})
	_, err = session.Deliver(ctx, s)
	return errors.Join(err, session.Close(ctx))
}

// A life is one process of the endpoint's.
type life struct {
	cmd  *exec.Cmd
	addr string // empty where it was killed before it listened
}

// live starts the endpoint; where starting is not negative it is killed so long after its start, and where
// listening is not so long after it listens, wherever it is then.
func (s *site) live(t *testing.T, point string, after int, starting, listening time.Duration) *life {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	l := &life{cmd: exec.CommandContext(t.Context(), self)}
	l.cmd.Env = append(os.Environ(), crashFolder+"="+string(s.folder), crashPoint+"="+point, crashAfter+"="+strconv.Itoa(after))
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if starting >= 0 {
		time.AfterFunc(starting, func() { l.cmd.Process.Kill() })
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	l.addr = strings.TrimSpace(line)
	if listening >= 0 {
		time.AfterFunc(listening, func() { l.cmd.Process.Kill() })
	}
	return l
}

// The endpoint is killed again and again, at its commits, in the middle of its answers and at moments
// that nobody chose, its start included, while agents deliver. After each death what was acknowledged is
// stored; in the end everything is, once.
func TestKilledAtAnyMoment(t *testing.T) {
	limit, long := tortureTime(t)
	began, kills := time.Now(), 0
	for round := 1; round == 1 || long && time.Since(began) < limit; round++ {
		t.Run(fmt.Sprint("round ", round), func(t *testing.T) { kills += torture(t, limit-time.Since(began)) })
	}
	t.Logf("%d kills", kills)
}

// torture is a round of at most roundKills, on a store of its own, so that a long run fills no disk.
func torture(t *testing.T, limit time.Duration) (lives int) {
	site := newSite(t)
	store := site.store(t)
	seed := rand.Uint64()
	rnd := rand.New(rand.NewPCG(seed, 0))
	senders := []*sender{{agent: "a", site: site}, {agent: "b", site: site}, {agent: "c", site: site}}
	const waiting = 300
	counts := map[string]int{}
	began := time.Now()
	for ; lives < roundKills && time.Since(began) < limit; lives++ {
		point, after, starting, listening := "", 0, time.Duration(-1), time.Duration(-1)
		switch rnd.IntN(10) {
		case 0:
			point, after = "before commit", rnd.IntN(20)
		case 1:
			point, after = "after commit", rnd.IntN(20)
		case 2:
			point, after = midAnswer, rnd.IntN(60)
		case 3: // most likely before it listens
			starting = time.Duration(rnd.Int64N(int64(50 * time.Millisecond)))
		default:
			listening = time.Duration(rnd.Int64N(int64(120 * time.Millisecond)))
		}
		l := site.live(t, point, after, starting, listening)
		if l.addr == "" {
			counts["before it listened"]++
		} else if point == "" {
			counts["at a random moment"]++
		} else {
			counts[point]++
		}
		var wg sync.WaitGroup
		for _, s := range senders {
			wg.Go(func() {
				for l.addr != "" {
					s.begin(waiting)
					if s.deliver(t.Context(), l.addr) != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		l.cmd.Process.Kill() // where its point was not reached
		if err := l.cmd.Wait(); err == nil || l.cmd.ProcessState.ExitCode() == 1 {
			t.Fatalf("it was not killed: %v (%q %d)", err, point, after)
		}
		for _, s := range senders {
			s.check(t, store)
		}
		if t.Failed() {
			t.Fatalf("in life %d (%q, %d commits or writes, %v, %v), seed %d", lives, point, after, starting, listening, seed)
		}
	}
	r := site.start(t)
	var all uint64
	for _, s := range senders {
		s.begin(0)
		if err := s.deliver(t.Context(), r.addr); err != nil {
			t.Fatal(err)
		}
		s.check(t, store)
		all += s.next
		ranges, _, err := store.Held(t.Context(), s.agent, []receipt.Range{{Start: 1, From: 0, To: 1 << 60}})
		if err != nil || s.next > 0 && (len(ranges) != 1 || ranges[0] != receipt.Range{Start: 1, From: 1, To: s.next}) {
			t.Errorf("agent %s sent %d results, stored are %v, %v", s.agent, s.next, ranges, err)
		}
	}
	r.stop(t)
	var stored uint64
	if err := store.read.QueryRow("SELECT count(*) FROM results").Scan(&stored); err != nil || stored != all {
		t.Errorf("%d results are stored of %d that were sent, %v", stored, all, err)
	}
	agents, err := store.Agents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range agents {
		all -= uint64(a.Results)
	}
	if all != 0 {
		t.Errorf("the agents' counts are %d short", all)
	}
	var sound string
	if err := store.read.QueryRow("PRAGMA integrity_check").Scan(&sound); err != nil || sound != "ok" {
		t.Errorf("integrity: %s, %v", sound, err)
	}
	t.Logf("%d kills in %v (%v), %d results, seed %d", lives, time.Since(began).Round(time.Millisecond), counts, stored, seed)
	return lives
}

// check looks whether what was acknowledged in this life is stored.
func (s *sender) check(t *testing.T, store *Store) {
	t.Helper()
	for _, r := range s.refused {
		t.Errorf("agent %s: refused: %s", s.agent, r)
	}
	var wanted receipt.Ranges
	for _, k := range s.acked {
		wanted.Add(1, k)
	}
	held, _, err := store.Held(t.Context(), s.agent, slices.Clone(wanted.List()))
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
