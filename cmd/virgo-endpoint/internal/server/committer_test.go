package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// A gatedIntake blocks each Append after the first few until it is opened.
type gatedIntake struct {
	intake.Intake
	pass int
	gate chan struct{}
}

func (g *gatedIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	if g.pass--; g.pass < 0 {
		<-g.gate
	}
	return g.Intake.Append(ctx, batch)
}

// While a batch is being stored none of it is acknowledged, however long that takes.
func TestNothingIsAcknowledgedBeforeItIsStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		g := &gatedIntake{pass: 1, gate: make(chan struct{})} // hello's arrival passes
		r := newSite(t).startOn(t, l, func(o *Options) { g.Intake, o.Intake = o.Intake, g })
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		synctest.Wait()
		p.Send("a", "check_metrics.post", peertest.Metric("r1", "c"))
		answered := make(chan peertest.Reply, 1)
		background(t, func() {
			f, err := p.TryRead()
			if err == nil {
				answered <- f
			}
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(answered) != 0 {
			t.Errorf("answered before it is stored: %+v", <-answered)
		}
		r.wantStored(t, 0)
		close(g.gate)
		if f := <-answered; f.Error != nil || string(f.Result) != "0" {
			t.Errorf("answer: %+v", f)
		}
		r.wantStored(t, 1)
	})
}

// What is not stored yet counts against PendingBytes, of all connections together.
func TestPendingBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		g := &gatedIntake{pass: 2, gate: make(chan struct{})}
		r := newSite(t).startOn(t, l, func(o *Options) {
			g.Intake, o.Intake = o.Intake, g
			o.Limits.PendingBytes = 1500
		})
		first, second := r.over(t, l.dial()), r.over(t, l.dial())
		first.Hello("a", r.token)
		synctest.Wait()
		second.Hello("b", r.token)
		synctest.Wait()
		first.Send("a", "check_metrics.post", largeAs("r1", 1000)) // in the blocked Append
		synctest.Wait()
		second.Send("b", "check_metrics.post", largeAs("r1", 1000)) // has to wait for it
		synctest.Wait()
		if n := len(r.server.committer.fresh); n != 0 {
			t.Errorf("%d results wait for the store beyond the limit", n)
		}
		close(g.gate)
		for _, f := range []peertest.Reply{first.Read(), second.Read()} {
			if f.Error != nil {
				t.Errorf("answer: %+v", f)
			}
		}
		for i := range 5 { // the bytes were given back
			first.OK("a", "check_metrics.post", largeAs(fmt.Sprint("more", i), 1000))
		}
		r.wantStored(t, 7)
	})
}

// An incompleteIntake answers as a test tells it.
type incompleteIntake struct {
	intake.Intake
	mu       sync.Mutex
	outcomes func(n int) ([]intake.Outcome, error) // nil: those of Intake
}

func (i *incompleteIntake) set(outcomes func(n int) ([]intake.Outcome, error)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.outcomes = outcomes
}

func (i *incompleteIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.outcomes != nil {
		return i.outcomes(len(batch))
	}
	return i.Intake.Append(ctx, batch)
}

// A store that fails is answered with an error that leaves the results with their agents; when it works
// again all goes on.
func TestStoreThatFails(t *testing.T) {
	site := newSite(t)
	in := &incompleteIntake{}
	r := site.start(t, func(o *Options) { in.Intake, o.Intake = o.Intake, in })
	p := r.dial(t)
	p.Hello("a", site.token)
	p.OK("a", "check_metrics.post", peertest.Metric("r0", "c"))
	for name, outcomes := range map[string]func(n int) ([]intake.Outcome, error){
		"disk is full":     func(int) ([]intake.Outcome, error) { return nil, errors.New("disk is full") },
		"0 outcomes for 1": func(int) ([]intake.Outcome, error) { return nil, nil },
		"3 outcomes for 1": func(n int) ([]intake.Outcome, error) { return make([]intake.Outcome, n+2), nil },
	} {
		in.set(outcomes)
		p.Refused(503, "a", "check_metrics.post", peertest.Metric("r1", "c"))
		if !strings.Contains(r.log.String(), name) {
			t.Errorf("%s: log:\n%s", name, r.log)
		}
	}
	in.set(nil)
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c"))
	site.wantStored(t, 2)
}

// A full disk is said once, and once that it is over; each agent is told.
func TestStoreThatIsFull(t *testing.T) {
	site := newSite(t)
	in := &incompleteIntake{}
	r := site.start(t, func(o *Options) { in.Intake, o.Intake = o.Intake, in })
	p := r.dial(t)
	p.Hello("a", site.token)
	p.OK("a", "check_metrics.post", peertest.Metric("r0", "c"))
	full := &intake.FullError{Dir: "/srv", Free: 5 << 20, Floor: 100 << 20}
	in.set(func(int) ([]intake.Outcome, error) { return nil, fmt.Errorf("storing: %w", full) })
	for range 3 {
		if got := p.Refused(503, "a", multi, listParams(metrics("r", 3)...)); got != errFull.Error() {
			t.Error(got)
		}
	}
	in.set(nil)
	p.OK("a", multi, listParams(metrics("r", 3)...))
	p.OK("a", "check_metrics.post", peertest.Metric("r9", "c"))
	for text, want := range map[string]int{full.Error(): 1, "make space": 1, "stored again": 1} {
		if n := strings.Count(strings.ReplaceAll(r.log.String(), `\"`, `"`), text); n != want {
			t.Errorf("%q is in the log %d times:\n%s", text, n, r.log)
		}
	}
	site.wantStored(t, 4)
}

// A batch has at most maxBatch arrivals, and ends with the one that reaches maxBatchBytes.
func TestBatchesAreBounded(t *testing.T) {
	site := newSite(t)
	g := &gatedIntake{gate: make(chan struct{})}
	rec := &recordingIntake{Intake: site.store}
	g.Intake = rec
	c := startCommitter(g, slog.New(slog.DiscardHandler))
	small := intake.Arrival{AgentID: "a"}
	large := intake.Arrival{AgentID: "a", Results: []intake.Result{{Params: make([]byte, maxBatchBytes/2-1)}}}
	submitted := make(chan struct{})
	go func() {
		defer close(submitted)
		for range 5 {
			c.submit(large, nil)
		}
		for range 2 * maxBatch {
			c.submit(small, nil)
		}
	}()
	for len(c.fresh) < cap(c.fresh) { // the first Append is blocked, so the queue fills
		runtime.Gosched()
	}
	close(g.gate)
	<-submitted
	c.close()
	total := 0
	for _, b := range rec.batches {
		total += b.arrivals
		if b.arrivals > maxBatch || b.bytes > maxBatchBytes*3/2 {
			t.Errorf("a batch of %d arrivals, %d bytes", b.arrivals, b.bytes)
		}
	}
	if total != 5+2*maxBatch {
		t.Errorf("%d arrivals were appended", total)
	}
}

// A recordingIntake notes the batches that it passes on.
type recordingIntake struct {
	intake.Intake
	batches []struct{ arrivals, bytes int }
}

func (r *recordingIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	bytes := 0
	for i := range batch {
		bytes += batch[i].Size()
	}
	r.batches = append(r.batches, struct{ arrivals, bytes int }{len(batch), bytes})
	return r.Intake.Append(ctx, batch)
}
