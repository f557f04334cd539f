package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
)

// A pipeListener is a listener of connections without buffers, which work in a synctest bubble.
type pipeListener struct{ *connListener }

func newPipeListener() *pipeListener { return &pipeListener{newConnListener()} }

func (l *pipeListener) dial() net.Conn {
	mine, theirs := net.Pipe()
	l.hand(theirs)
	return mine
}

// withFakeClock runs a test against a server in a synctest bubble.
func withFakeClock(t *testing.T, limits Limits, test func(t *testing.T, r *running, l *pipeListener)) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		r := newSite(t).startOn(t, l, func(o *Options) { o.Limits = limits })
		test(t, r, l)
	})
}

// background runs f concurrently with the test, which ends after it.
func background(t *testing.T, f func()) {
	ended := make(chan struct{})
	go func() { defer close(ended); f() }()
	t.Cleanup(func() { <-ended })
}

// wantClosedAfter checks that the server closes the connection after this time.
func wantClosedAfter(t *testing.T, c io.Reader, since time.Time, want time.Duration) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, net.ErrClosed) {
		t.Errorf("closed by the test: %v", err)
	}
	if got := time.Since(since); got < want || got > want+2*time.Second {
		t.Errorf("closed after %v, want %v", got, want)
	}
}

func TestTimeToSayHello(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, r *running, c net.Conn) io.Reader{
		"TLS only": func(t *testing.T, r *running, c net.Conn) io.Reader { return r.over(t, c).Conn },
		"half a hello": func(t *testing.T, r *running, c net.Conn) io.Reader {
			p := r.over(t, c)
			p.Write(`{"v":"1","id":1,`)
			return p.Conn
		},
		"requests without hello": func(t *testing.T, r *running, c net.Conn) io.Reader {
			p := r.over(t, c)
			background(t, func() {
				for {
					_, err := io.WriteString(p.Conn, peertest.Frame(1, "a", "heartbeat.post", "null"))
					if err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			})
			return p.Conn
		},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
				began := time.Now()
				wantClosedAfter(t, begin(t, r, l.dial()), began, 5*time.Second)
			})
		})
	}
}

// This also ends half-open connections.
func TestTimeBetweenFrames(t *testing.T) {
	withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		time.Sleep(2 * time.Minute)
		p.OK("a", "heartbeat.post", "null")
		wantClosedAfter(t, p.Conn, time.Now(), 3*time.Minute)
		r.stop(t)
		if !strings.Contains(r.log.String(), errIdle.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

// A frame that comes a byte at a time does not keep its connection open.
func TestSlowWriter(t *testing.T) {
	withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		background(t, func() {
			for _, err := io.WriteString(p.Conn, "{"); err == nil; _, err = io.WriteString(p.Conn, " ") {
				time.Sleep(time.Minute)
			}
		})
		wantClosedAfter(t, p.Conn, time.Now(), 2*time.Minute)
	})
}

func TestSlowReader(t *testing.T) {
	withFakeClock(t, Limits{InProgress: 8}, func(t *testing.T, r *running, l *pipeListener) {
		slow, other := r.over(t, l.dial()), r.over(t, l.dial())
		slow.Hello("slow", r.token)
		other.Hello("other", r.token)
		began := time.Now()
		sent := 0
		for ; ; sent++ {
			post := peertest.Frame(sent, "slow", "check_metrics.post", peertest.Metric(fmt.Sprint("r", sent), "c"))
			if _, err := io.WriteString(slow.Conn, post); err != nil {
				break
			}
			if sent == 5 {
				other.OK("other", "check_metrics.post", peertest.Metric("r1", "c")) // is not affected
			}
		}
		if got := time.Since(began); got < 30*time.Second || got > 32*time.Second {
			t.Errorf("closed after %v", got)
		}
		if sent > 200 {
			t.Errorf("%d requests were read though no answer was", sent)
		}
		other.OK("other", "heartbeat.post", "null")
		r.stop(t)
		if !strings.Contains(r.log.String(), errSlowReader.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

func TestUnauthenticatedFrameIsLimited(t *testing.T) {
	withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		began := time.Now()
		background(t, func() { io.WriteString(p.Conn, peertest.Frame(1, "a", "check_metrics.post", large(1<<20))) })
		wantClosedAfter(t, p.Conn, began, 0)
		r.stop(t)
		if !strings.Contains(r.log.String(), errUnauthenticatedFrame.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

// Few large frames are read at a time: another one waits.
func TestLargeFramesAreReadInTurn(t *testing.T) {
	withFakeClock(t, Limits{LargeFrames: 1}, func(t *testing.T, r *running, l *pipeListener) {
		first, second := r.over(t, l.dial()), r.over(t, l.dial())
		first.Hello("a", r.token)
		second.Hello("b", r.token)
		text := peertest.Frame(9, "a", "check_metrics.post", large(1<<20))
		first.Write(text[:1<<19])
		answered := make(chan peertest.Reply, 1)
		go func() {
			io.WriteString(second.Conn, peertest.Frame(9, "b", "check_metrics.post", large(1<<20)))
			f, _ := second.TryRead()
			answered <- f
		}()
		synctest.Wait()
		select {
		case f := <-answered:
			t.Errorf("read while another large one was: %+v", f)
		default:
		}
		first.Write(text[1<<19:])
		if f := first.Read(); f.ID != 9 || f.Error != nil {
			t.Errorf("first: %+v", f)
		}
		if f := <-answered; f.ID != 9 || f.Error != nil {
			t.Errorf("second: %+v", f)
		}
		second.OK("b", "check_metrics.post", large(100)) // and so on
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(12)
		first := b.take(7, false)
		got := make(chan lease, 3)
		for _, n := range []int64{6, 100} { // more than the whole budget counts as all of it
			go func() { got <- b.take(n, false) }()
		}
		synctest.Wait()
		if len(got) != 0 {
			t.Error("more was taken than there is")
		}
		b.give(first)
		l := <-got
		synctest.Wait()
		if len(got) != 0 {
			t.Error("both were taken at once")
		}
		b.give(l)
		b.give(<-got)
		b.give(b.take(12, false))
	})
}

// Backlogs leave a quarter of the budget to fresh results, which do not wait for them.
func TestBudgetOfBacklogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(12)
		first := b.take(100, true)
		b.give(b.take(3, false))
		got := make(chan lease, 1)
		go func() { got <- b.take(1, true) }()
		synctest.Wait()
		if len(got) != 0 {
			t.Error("backlogs took the part of fresh results")
		}
		b.grow(&first, 5) // more than there is
		b.give(first)
		b.give(<-got)
		if l := b.take(12, false); b.free != 0 || b.backlog != 9 {
			t.Errorf("%+v of 12: %d and %d are free", l, b.free, b.backlog)
		}
	})
}

// A connection that sends garbage is closed, and no other one.
func TestGarbage(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	good := r.dial(t)
	good.Hello("good", site.token)
	for _, garbage := range []string{
		"\x00", "\n", "[1]\n", "{\n", "{}\n", `{"v":"1"}` + "\n", `{"v":1,"id":1,"method":"x"}` + "\n", `{"v":"1","id":"x","method":"m"}` + "\n",
		`{"v":"1","id":-1,"method":"m"}` + "\n", strings.Repeat(`{"a":`, 100_000) + "\n", "{\xff\xfe}\n", "é",
	} {
		p := r.dial(t)
		p.Write(garbage)
		p.Ended()
		good.OK("good", "heartbeat.post", "null")
	}
	p := r.dial(t)
	p.Hello("known", site.token)
	background(t, func() {
		io.WriteString(p.Conn,
			peertest.Frame(1, "known", "check_metrics.post", large(transport.MaxFrameBytes+1<<20)))
	})
	p.Ended()
	raw, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	io.WriteString(raw, "GET / HTTP/1.0\r\n\r\n") // no TLS
	if _, err := io.Copy(io.Discard, raw); err != nil {
		t.Error(err)
	}
	good.OK("good", "check_metrics.post", peertest.Metric("r", "c"))
	r.stop(t)
	if log := r.log.String(); strings.Count(log, "msg=\"connection closed\"") != sumFirst || !strings.Contains(log, " more in the last minute: connection closed") ||
		!strings.Contains(log, "remote=127.0.0.1:") || strings.Contains(log, "panic") {
		t.Errorf("log:\n%s", log)
	}
}

// A panic of the store fails its batch, which its agents keep.
func TestPanicWhileStoring(t *testing.T) {
	site := newSite(t)
	var bad atomic.Bool
	r := site.start(t, beforeAppend(func() {
		if bad.Load() {
			panic("for the test")
		}
	}))
	p := r.dial(t)
	p.Hello("a", site.token)
	p.OK("a", "check_metrics.post", peertest.Metric("r1", "c"))
	bad.Store(true)
	p.Refused(503, "a", "check_metrics.post", peertest.Metric("r2", "c"))
	bad.Store(false)
	p.OK("a", "check_metrics.post", peertest.Metric("r2", "c"))
	if n := len(site.results(t, intake.Filter{})); n != 2 {
		t.Errorf("%d are stored", n)
	}
	if !strings.Contains(r.log.String(), "panic while storing") {
		t.Errorf("log:\n%s", r.log)
	}
}
