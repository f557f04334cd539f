package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// A source is a store that counts how often it is read, and fails when told to.
type source struct {
	*intaketest.Memory
	access intake.Access

	mu       sync.Mutex
	reads    int
	err      error
	deleted  int64 // results up to this number are gone
	appended int
}

func newSource(t *testing.T) *source {
	s := &source{Memory: &intaketest.Memory{}}
	_, _, s.access = intaketest.NewToken(t, s.Memory)
	return s
}

func (s *source) After(ctx context.Context, seq int64, limit int, fn func(intake.AgentNumber, *intake.Result) error) (int64, int64, error) {
	s.mu.Lock()
	s.reads++
	err, deleted := s.err, s.deleted
	s.mu.Unlock()
	if err != nil {
		return seq, 0, err
	}
	from := max(seq, deleted)
	next, lost, err := s.Memory.After(ctx, from, limit, fn)
	return next, lost + from - seq, err
}

func (s *source) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// put stores n results through an intake.
func (s *source) put(t *testing.T, in intake.Intake, n int, params string) {
	t.Helper()
	a := intake.Arrival{AgentID: "a", Access: s.access, Received: time.Now()}
	for range n {
		s.appended++
		a.Results = append(a.Results, intake.Result{ResultID: fmt.Sprint(s.appended), CheckID: "c", CheckType: "t", State: "available",
			Time: time.Now(), Params: []byte(params)})
	}
	if _, err := in.Append(t.Context(), []intake.Arrival{a}); err != nil {
		t.Fatal(err)
	}
}

// A recorder is a follower that notes what it took.
type recorder struct {
	name string

	mu      sync.Mutex
	got     []int64
	batches int
	metrics int
	lost    int64
	err     error
	block   chan struct{} // if not nil, Take waits until it is closed
}

func (r *recorder) Name() string { return r.name }

func (r *recorder) Take(ctx context.Context, batch []Item) error {
	r.mu.Lock()
	block, err := r.block, r.err
	r.mu.Unlock()
	if block != nil {
		select {
		case <-block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		return err
	}
	r.batches++
	for i := range batch {
		if batch[i].Agent != 1 || batch[i].Result.AgentID != "a" {
			return fmt.Errorf("agent %d, %q", batch[i].Agent, batch[i].Result.AgentID)
		}
		r.got = append(r.got, batch[i].Result.Seq)
		r.metrics += len(batch[i].Metrics)
	}
	return nil
}

func (r *recorder) Lose(_ context.Context, _, n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err != nil {
		return r.err
	}
	r.lost += n
	return nil
}

func (r *recorder) set(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
}

// want compares what a follower took with the results from a number to another.
func (r *recorder) want(t *testing.T, from, to int64) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var want []int64
	for seq := from; seq <= to; seq++ {
		want = append(want, seq)
	}
	if !slices.Equal(r.got, want) {
		t.Errorf("%s took %v, want %d to %d", r.name, r.got, from, to)
	}
}

// run runs a feed of the source until the test ends.
func run(t *testing.T, f *Feed) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// settle lets time pass for what is new to be passed on.
func settle(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

const soon = pause + time.Millisecond

func TestFollowersGetEachResultOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		src.put(t, src, 3, "{}")
		f := New(src, quiet(), time.Now)
		newest, oldest, between := &recorder{name: "newest"}, &recorder{name: "oldest"}, &recorder{name: "between"}
		f.Add(newest, FromNewest)
		f.Add(oldest, FromOldest)
		f.Add(between, 2)
		run(t, f)
		in := f.Wake(src)
		synctest.Wait()
		for range 5 {
			src.put(t, in, 2, `{"metrics":[[null,{"m":{"t":"int64","v":"1"}}]]}`)
			settle(soon)
		}
		newest.want(t, 4, 13)
		oldest.want(t, 1, 13)
		between.want(t, 3, 13)
		if newest.metrics != 10 || newest.batches != 5 {
			t.Errorf("%d metrics in %d batches", newest.metrics, newest.batches)
		}
		if behind := f.Behind(); len(behind) != 3 || behind["newest"]+behind["oldest"]+behind["between"] != 0 {
			t.Errorf("behind: %v", behind)
		}
	})
}

// Followers at the same place share what is read; when all have it, nothing of it stays in memory.
func TestBatchesAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		f := New(src, quiet(), time.Now)
		for i := range 5 {
			f.Add(&recorder{name: fmt.Sprint(i)}, FromNewest)
		}
		run(t, f)
		in := f.Wake(src)
		synctest.Wait()
		before := src.reads
		src.put(t, in, 1, "{}")
		settle(soon)
		if n := src.reads - before; n != 1 {
			t.Errorf("%d reads of one result for five followers", n)
		}
		if len(f.batches.last) != 0 {
			t.Errorf("%d batches are kept", len(f.batches.last))
		}
	})
}

// What another process stores is noticed without anybody saying so.
func TestOtherProcesses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		f, r := New(src, quiet(), time.Now), &recorder{name: "r"}
		f.Add(r, FromNewest)
		run(t, f)
		settle(time.Hour)
		idle := src.reads
		src.put(t, src, 2, "{}")
		settle(pollEvery + soon)
		r.want(t, 1, 2)
		settle(time.Hour)
		if n := src.reads - idle; n > 4 {
			t.Errorf("%d reads where two results came in two hours", n)
		}
	})
}

// A follower that blocks or fails holds up nobody, and misses nothing.
func TestSlowFollowers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		f := New(src, quiet(), time.Now)
		well, blocked, failing := &recorder{name: "well"}, &recorder{name: "blocked", block: make(chan struct{})},
			&recorder{name: "failing", err: errors.New("the sink is away")}
		for _, r := range []*recorder{well, blocked, failing} {
			f.Add(r, FromNewest)
		}
		run(t, f)
		in := f.Wake(src)
		synctest.Wait()
		for range 10 {
			src.put(t, in, 3, "{}")
			settle(time.Second)
		}
		well.want(t, 1, 30)
		status := f.Status()
		if got := fmt.Sprintf("%s %d %v, %s %d %v, %s %d %v", status[0].Name, status[0].Behind, status[0].Err, status[1].Name, status[1].Behind,
			status[1].Err, status[2].Name, status[2].Behind, status[2].Err); got != "blocked 30 <nil>, failing 30 the sink is away, well 0 <nil>" {
			t.Error(got)
		}
		if len(f.batches.last) > remembered {
			t.Errorf("%d batches are kept", len(f.batches.last))
		}
		close(blocked.block)
		failing.set(func() { failing.err = nil })
		settle(maxWait + time.Second)
		blocked.want(t, 1, 30)
		failing.want(t, 1, 30)
		if status := f.Status()[1]; status.Err != nil || !status.Failing.IsZero() {
			t.Errorf("%+v", status)
		}
	})
}

// The store is away for a while: followers wait, the log says so once, and nothing is missed.
func TestStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		var log strings.Builder
		f, r := New(src, slog.New(slog.NewTextHandler(&log, nil)), time.Now), &recorder{name: "r"}
		f.Add(r, FromNewest)
		run(t, f)
		in := f.Wake(src)
		settle(time.Second)
		src.set(func() { src.err = errors.New("disk") })
		src.put(t, in, 1, "{}")
		settle(10 * time.Minute)
		src.set(func() { src.err = nil })
		settle(maxWait)
		r.want(t, 1, 1)
		if lines := strings.Count(log.String(), "\n"); lines != 2 || !strings.Contains(log.String(), "error=disk") {
			t.Errorf("%s", log.String())
		}
	})
}

// What was deleted before a follower took it is counted, and told to one that wants to know.
func TestLostResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		src.put(t, src, 10, "{}")
		src.deleted = 6
		f, r := New(src, quiet(), time.Now), &recorder{name: "r", err: errors.New("not now")}
		f.Add(r, 2)
		run(t, f)
		settle(time.Second)
		r.set(func() { r.err = nil })
		settle(time.Minute)
		r.want(t, 7, 10)
		if r.lost != 4 || f.Status()[0].Lost != 4 {
			t.Errorf("%d lost, %+v", r.lost, f.Status())
		}
	})
}

// A place that the store never had is one of another store: what comes from now on is passed on.
func TestPlaceBeyondTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		src.put(t, src, 3, "{}")
		var log strings.Builder
		f, r := New(src, slog.New(slog.NewTextHandler(&log, nil)), time.Now), &recorder{name: "r"}
		f.Add(r, 1000)
		run(t, f)
		synctest.Wait()
		src.put(t, f.Wake(src), 2, "{}")
		settle(soon)
		r.want(t, 4, 5)
		if !strings.Contains(log.String(), "at=1000 newest=3") {
			t.Errorf("%s", log.String())
		}
	})
}

// A large backlog comes in batches of bounded size.
func TestBatchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		large := `{"x":"` + strings.Repeat("x", 1<<20) + `"}`
		for range 9 {
			src.put(t, src, 1, large)
		}
		src.put(t, src, maxResults+5, "{}")
		f, r := New(src, quiet(), time.Now), &recorder{name: "r"}
		f.Add(r, FromOldest)
		run(t, f)
		settle(time.Millisecond)
		r.want(t, 1, maxResults+14)
		if r.batches != 4 { // 3, 3 and 3 of the large ones with others, then the rest
			t.Errorf("%d batches", r.batches)
		}
	})
}

// Followers come and go while the feed runs.
func TestAddAndRemove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := newSource(t)
		f, a, b := New(src, quiet(), time.Now), &recorder{name: "a"}, &recorder{name: "b", block: make(chan struct{})}
		run(t, f)
		in := f.Wake(src)
		synctest.Wait()
		f.Add(a, FromNewest)
		f.Add(b, FromNewest)
		settle(soon)
		src.put(t, in, 1, "{}")
		settle(soon)
		f.Remove("b") // though it blocks
		f.Remove("nobody")
		src.put(t, in, 1, "{}")
		settle(soon)
		a.want(t, 1, 2)
		b.want(t, 1, 0)
		f.Add(b, 1)
		close(b.block)
		settle(soon)
		b.want(t, 2, 2)
	})
}
