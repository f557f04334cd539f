package server

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// A laneIntake notes of each batch whether it is of backlogs, and how many results it has. It blocks each
// Append until it gets a turn.
type laneIntake struct {
	intake.Intake
	t       *testing.T
	turns   chan struct{}
	batches []string
}

func (l *laneIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	<-l.turns
	n := 0
	for _, a := range batch {
		if a.Backlog != batch[0].Backlog {
			l.t.Error("a batch has fresh results and backlogs")
		}
		n += len(a.Results)
	}
	l.batches = append(l.batches, fmt.Sprint(map[bool]string{true: "backlog ", false: "fresh "}[batch[0].Backlog], n))
	return make([]intake.Outcome, len(batch)), nil
}

// Where both wait they take turns, whatever came first: fresh results wait for one batch of backlogs at
// most, and backlogs are not starved.
func TestLanesTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &laneIntake{t: t, turns: make(chan struct{})}
		c := startCommitter(l, slog.New(slog.DiscardHandler))
		c.pace.bytes = 100
		put := func(backlog bool, bytes int) {
			c.submit(intake.Arrival{AgentID: "a", Backlog: backlog, Results: []intake.Result{{Params: make([]byte, bytes)}}}, nil)
		}
		turn := func() { l.turns <- struct{}{}; synctest.Wait() }
		for range 7 {
			put(true, 50)
			synctest.Wait() // the first one is being stored alone
		}
		put(false, 50)
		put(false, 50)
		turn()
		put(false, 50) // while fresh ones are being stored
		turn()
		turn()
		turn()
		turn()
		turn()
		close(l.turns)
		c.close()
		want := "backlog 1, fresh 2, backlog 2, fresh 1, backlog 3, backlog 1" // the pace grows
		if got := strings.Join(l.batches, ", "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// What the pace learns: batches that take long become smaller, down to a bound, and full ones that are
// quick larger.
func TestPace(t *testing.T) {
	p := newPace()
	for range 20 {
		p.note(p.bytes, time.Second)
	}
	if p.bytes != minPace {
		t.Errorf("%d bytes after slow batches", p.bytes)
	}
	p.note(p.bytes/2, time.Millisecond)
	if p.bytes != minPace {
		t.Errorf("%d bytes after a batch that was not full", p.bytes)
	}
	for range 20 {
		p.note(p.bytes, time.Millisecond)
	}
	if p.bytes != maxPace {
		t.Errorf("%d bytes after quick batches", p.bytes)
	}
	p.note(p.bytes, paceAim*3/2)
	if p.bytes != maxPace {
		t.Errorf("%d bytes after a batch near the aim", p.bytes)
	}
}

// Which results go to the lane of backlogs.
func TestBacklogs(t *testing.T) {
	site := newSite(t)
	rec := &arrivalIntake{Intake: site.store}
	p := site.start(t, func(o *Options) { o.Intake = rec }).dial(t)
	p.Hello("a", site.token)
	late := strings.Replace(peertest.Metric("late", "c"), `{`, `{"late":true,"age_ms":1,`, 1)
	for i, tc := range []struct {
		method, params string
		want           bool
	}{
		{"check_metrics.post", peertest.Metric("1", "c"), false},
		{"check_metrics.post", late, true},
		{"check_metrics.post", largeAs("2", freshBytes), true},
		{multi, listParams(metrics("m", 7)...), false},
		{multi, listParams(peertest.Metric("3", "c"), late), true},
		{multi, listParams(metrics("large", freshBytes/200)...), true},
		{multi, packedParams(t, listOf(metrics("p", 7)...)), true},
	} {
		p.OK("a", tc.method, tc.params)
		if a := rec.last(); a.Backlog != tc.want || len(a.Results) == 0 {
			t.Errorf("%d: %d results, backlog %v", i, len(a.Results), a.Backlog)
		}
	}
}

// What an agent sends at once is one arrival: its hello and its results.
func TestSessionIsOneArrival(t *testing.T) {
	site := newSite(t)
	rec := &arrivalIntake{Intake: site.store}
	r := site.start(t, func(o *Options) { o.Intake = rec })
	p := r.dial(t)
	p.Write(peertest.Frame(1, "a", "handshake.hello", peertest.Hello("a", site.token)) +
		peertest.Frame(2, "a", multi, listParams(metrics("r", 7)...)) + peertest.Frame(3, "a", "heartbeat.post", "null"))
	for range 3 {
		if f := p.Read(); f.Error != nil {
			t.Fatalf("%+v", f)
		}
	}
	if n, a := rec.count(), rec.last(); n != 1 || a.Hello == nil || len(a.Results) != 7 {
		t.Errorf("%d arrivals; the last has %d results, hello %+v", n, len(a.Results), a.Hello)
	}
	p.Hello("b", site.token) // alone
	p.OK("b", "heartbeat.post", "null")
	p.Write(peertest.Frame(9, "d", "handshake.hello", peertest.Hello("d", site.token)) + `{"v":"1",`) // and no more comes
	p.Read()
	p.Conn.Close()
	r.stop(t)
	if list, err := site.store.Agents(t.Context(), ""); err != nil || len(list) != 3 {
		t.Errorf("agents: %+v, %v", list, err)
	}
}

// An arrivalIntake notes the arrivals that it passes on.
type arrivalIntake struct {
	intake.Intake
	mu   sync.Mutex
	list []intake.Arrival
}

func (r *arrivalIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	r.mu.Lock()
	r.list = append(r.list, batch...)
	r.mu.Unlock()
	return r.Intake.Append(ctx, batch)
}

func (r *arrivalIntake) last() intake.Arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.list[len(r.list)-1]
}

func (r *arrivalIntake) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.list)
}

// A small frame counts as what it claims to expand to: it waits for that many bytes before it is expanded, and
// fresh results do not wait for it.
func TestClaimedBytesAreTakenFirst(t *testing.T) {
	withFakeClock(t, Limits{PendingBytes: 4 << 20}, func(t *testing.T, r *running, l *pipeListener) {
		first, second, fresh := r.over(t, l.dial()), r.over(t, l.dial()), r.over(t, l.dial())
		first.Hello("a", r.token)
		second.Hello("b", r.token)
		fresh.Hello("d", r.token)
		synctest.Wait()
		held := r.server.pending.take(1<<20, true) // a backlog that is being stored
		list := listOf(largeAs("r1", 3<<20))
		background(t, func() { first.Write(peertest.Frame(9, "a", multi, packedParams(t, list))) })
		synctest.Wait()
		fresh.OK("d", multi, listParams(metrics("f", 7)...))
		r.wantStored(t, 7)
		background(t, func() { second.Write(peertest.Frame(9, "b", multi, packedParams(t, listOf(metrics("s", 9)...)))) })
		synctest.Wait()
		r.server.pending.give(held)
		for _, f := range []peertest.Reply{first.Read(), second.Read()} {
			if f.Error != nil {
				t.Errorf("answer: %+v", f.Error)
			}
		}
		synctest.Wait()
		if b := r.server.pending; b.free != b.whole || b.backlog != b.wholeBacklog {
			t.Errorf("%d of %d bytes are free", b.free, b.whole)
		}
	})
}

// What is refused, limited or not stored gives all bytes back.
func TestBytesComeBack(t *testing.T) {
	withFakeClock(t, Limits{BytesPerAgent: 1 << 20}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		list := listOf(metrics("r", 2000)...)
		p.Refused(400, "a", multi, strings.Replace(packedParams(t, list), `"raw_bytes":`, `"raw_bytes":1`, 1))
		p.OK("a", multi, listParams(list)) // one that is a list, and refused
		p.Refused(400, "a", multi, `{"results":[`+strings.Repeat("0,", 4096)+`0]}`)
		for range agentBurst * 2 { // each is a few KiB, and counts as half a MiB
			if f := p.Call("a", multi, packedParams(t, list)); f.Error != nil {
				if f.Error.Type != "rateLimitReached" {
					t.Fatalf("%+v", f.Error)
				}
				break
			}
		}
		wantLimited(t, p, "a", multi, packedParams(t, list))
		wantLimited(t, p, "a", "heartbeat.post", "null")
		synctest.Wait()
		if b := r.server.pending; b.free != b.whole || b.backlog != b.wholeBacklog {
			t.Errorf("%d of %d bytes are free", b.free, b.whole)
		}
		if n := len(r.server.parsing); n != 0 {
			t.Errorf("%d frames are being read", n)
		}
	})
}
