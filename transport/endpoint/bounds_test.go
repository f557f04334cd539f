package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
)

// A pipes is a listener whose connections have no buffers and live in a test's own time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes { return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (l *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipes) Close() error   { l.once.Do(func() { close(l.closed) }); return nil }
func (l *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

func (l *pipes) dial() net.Conn {
	mine, theirs := net.Pipe()
	l.conns <- theirs
	return mine
}

// inOwnTime runs a test against a server in a bubble of its own time.
func inOwnTime(t *testing.T, limits Limits, test func(t *testing.T, r *running, l *pipes)) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipes()
		r := newSite(t).startOn(t, l, func(o *Options) { o.Limits = limits })
		test(t, r, l)
	})
}

// background runs f beside the test, which ends after it.
func background(t *testing.T, f func()) {
	ended := make(chan struct{})
	go func() { defer close(ended); f() }()
	t.Cleanup(func() { <-ended })
}

// lasts wants the connection to be closed by the server after just this time.
func lasts(t *testing.T, c io.Reader, since time.Time, want time.Duration) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); errors.Is(err, net.ErrClosed) {
		t.Errorf("closed here: %v", err)
	}
	if got := time.Since(since); got < want || got > want+2*time.Second {
		t.Errorf("closed after %v, want %v", got, want)
	}
}

func TestTimeToSayHello(t *testing.T) {
	for name, begin := range map[string]func(t *testing.T, r *running, c net.Conn) io.Reader{
		"nothing said": func(t *testing.T, r *running, c net.Conn) io.Reader { return c },
		"TLS only":     func(t *testing.T, r *running, c net.Conn) io.Reader { return r.over(t, c).conn },
		"half a hello": func(t *testing.T, r *running, c net.Conn) io.Reader {
			p := r.over(t, c)
			p.write(`{"v":"1","id":1,`)
			return p.conn
		},
		"requests without hello": func(t *testing.T, r *running, c net.Conn) io.Reader {
			p := r.over(t, c)
			background(t, func() {
				for {
					if _, err := io.WriteString(p.conn, frame(1, "a", "heartbeat.post", "null")); err != nil {
						return
					}
					time.Sleep(time.Second)
				}
			})
			return p.conn
		},
	} {
		t.Run(name, func(t *testing.T) {
			inOwnTime(t, Limits{}, func(t *testing.T, r *running, l *pipes) {
				began := time.Now()
				lasts(t, begin(t, r, l.dial()), began, 10*time.Second)
			})
		})
	}
}

// A half-open connection looks like one that says nothing.
func TestTimeBetweenFrames(t *testing.T) {
	inOwnTime(t, Limits{}, func(t *testing.T, r *running, l *pipes) {
		p := r.over(t, l.dial())
		p.hello("a", r.token)
		time.Sleep(2 * time.Minute)
		p.ok("a", "heartbeat.post", "null")
		lasts(t, p.conn, time.Now(), 3*time.Minute)
		r.stop(t)
		if !strings.Contains(r.log.String(), errIdle.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

// A frame that comes a byte at a time does not hold its connection for ever.
func TestSlowWriter(t *testing.T) {
	inOwnTime(t, Limits{}, func(t *testing.T, r *running, l *pipes) {
		p := r.over(t, l.dial())
		p.hello("a", r.token)
		background(t, func() {
			for _, err := io.WriteString(p.conn, "{"); err == nil; _, err = io.WriteString(p.conn, " ") {
				time.Sleep(time.Minute)
			}
		})
		lasts(t, p.conn, time.Now(), 3*time.Minute)
	})
}

func TestSlowReader(t *testing.T) {
	inOwnTime(t, Limits{UnderWay: 8}, func(t *testing.T, r *running, l *pipes) {
		slow, other := r.over(t, l.dial()), r.over(t, l.dial())
		slow.hello("slow", r.token)
		other.hello("other", r.token)
		began := time.Now()
		sent := 0
		for ; ; sent++ {
			if _, err := io.WriteString(slow.conn, frame(sent, "slow", "check_metrics.post", metric(fmt.Sprint("r", sent), "c"))); err != nil {
				break
			}
			if sent == 5 {
				other.ok("other", "check_metrics.post", metric("r1", "c")) // does not notice
			}
		}
		if got := time.Since(began); got < 30*time.Second || got > 32*time.Second {
			t.Errorf("let go after %v", got)
		}
		if sent > 200 {
			t.Errorf("%d requests were read though no answer was", sent)
		}
		other.ok("other", "heartbeat.post", "null")
		r.stop(t)
		if !strings.Contains(r.log.String(), errSlowReader.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

func TestTooManyConnections(t *testing.T) {
	inOwnTime(t, Limits{Connections: 2}, func(t *testing.T, r *running, l *pipes) {
		p := r.over(t, l.dial())
		p.hello("a", r.token)
		second := l.dial()
		began := time.Now()
		lasts(t, l.dial(), began, 0)
		lasts(t, l.dial(), began, 0)
		p.ok("a", "heartbeat.post", "null")
		second.Close()
		synctest.Wait()
		r.over(t, l.dial()).hello("b", r.token) // there is room again
		if n := strings.Count(r.log.String(), "too many connections"); n != 1 {
			t.Errorf("said %d times", n)
		}
	})
}

// large is a post whose params are n bytes and more.
func large(n int) string {
	return strings.TrimSuffix(metric("large", "c"), "}") + `,"more":"` + strings.Repeat("x", n) + `"}`
}

func TestStrangersFrameIsSmall(t *testing.T) {
	inOwnTime(t, Limits{}, func(t *testing.T, r *running, l *pipes) {
		p := r.over(t, l.dial())
		began := time.Now()
		background(t, func() { io.WriteString(p.conn, frame(1, "a", "check_metrics.post", large(1<<20))) })
		lasts(t, p.conn, began, 0)
		r.stop(t)
		if !strings.Contains(r.log.String(), errStrangerFrame.Error()) {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

// Few large frames are read at a time: another waits until there is room for it.
func TestLargeFramesAreReadInTurn(t *testing.T) {
	inOwnTime(t, Limits{LargeFrames: 1}, func(t *testing.T, r *running, l *pipes) {
		first, second := r.over(t, l.dial()), r.over(t, l.dial())
		first.hello("a", r.token)
		second.hello("b", r.token)
		text := frame(9, "a", "check_metrics.post", large(1<<20))
		first.write(text[:1<<19])
		answered := make(chan reply, 1)
		go func() {
			io.WriteString(second.conn, frame(9, "b", "check_metrics.post", large(1<<20)))
			f, _ := second.tryRead()
			answered <- f
		}()
		synctest.Wait()
		select {
		case f := <-answered:
			t.Errorf("read beside another large one: %+v", f)
		default:
		}
		first.write(text[1<<19:])
		if f := first.read(); f.ID != 9 || f.Error != nil {
			t.Errorf("first: %+v", f)
		}
		if f := <-answered; f.ID != 9 || f.Error != nil {
			t.Errorf("second: %+v", f)
		}
		second.ok("b", "check_metrics.post", large(100)) // and so on
	})
}

func TestBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(10)
		b.take(7)
		got := make(chan int64, 2)
		for _, n := range []int64{5, 100} { // more than there is counts as all there is
			go func() { b.take(n); got <- n }()
		}
		synctest.Wait()
		if len(got) != 0 {
			t.Error("more was taken than there is")
		}
		b.give(7)
		n := <-got
		synctest.Wait()
		if len(got) != 0 {
			t.Error("both were taken at once")
		}
		b.give(n)
		b.give(<-got)
		if b.free != 10 {
			t.Errorf("%d are free in the end", b.free)
		}
	})
}

// Whatever a connection brings, it alone is closed.
func TestGarbage(t *testing.T) {
	site := newSite(t)
	r := site.start(t)
	good := r.dial(t)
	good.hello("good", site.token)
	for _, garbage := range []string{
		"\x00", "\n", "[1]\n", "{\n", "{}\n", `{"v":"1"}` + "\n", `{"v":1,"id":1,"method":"x"}` + "\n", `{"v":"1","id":"x","method":"m"}` + "\n",
		`{"v":"1","id":-1,"method":"m"}` + "\n", strings.Repeat(`{"a":`, 100_000) + "\n", "{\xff\xfe}\n", "é",
	} {
		p := r.dial(t)
		p.write(garbage)
		p.ended()
		good.ok("good", "heartbeat.post", "null")
	}
	p := r.dial(t)
	p.hello("known", site.token)
	background(t, func() {
		io.WriteString(p.conn, frame(1, "known", "check_metrics.post", large(transport.MaxFrameBytes+1<<20)))
	})
	p.ended()
	raw, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	io.WriteString(raw, "GET / HTTP/1.0\r\n\r\n") // no TLS
	if _, err := io.Copy(io.Discard, raw); err != nil {
		t.Error(err)
	}
	good.ok("good", "check_metrics.post", metric("r", "c"))
	r.stop(t)
	if log := r.log.String(); strings.Count(log, "connection closed") < 12 || !strings.Contains(log, "remote=127.0.0.1:") || strings.Contains(log, "panic") {
		t.Errorf("log:\n%s", log)
	}
}

// A panic under the committer costs its batch, which its agents keep.
func TestPanicWhileStoring(t *testing.T) {
	site := newSite(t)
	var mu sync.Mutex
	bad := false
	r := site.start(t, func(o *Options) {
		o.Hook = func(point string) {
			mu.Lock()
			defer mu.Unlock()
			if bad && point == "before commit" {
				panic("for the test")
			}
		}
	})
	p := r.dial(t)
	p.hello("a", site.token)
	p.ok("a", "check_metrics.post", metric("r1", "c"))
	mu.Lock()
	bad = true
	mu.Unlock()
	p.refused(503, "a", "check_metrics.post", metric("r2", "c"))
	mu.Lock()
	bad = false
	mu.Unlock()
	p.ok("a", "check_metrics.post", metric("r2", "c"))
	if n := len(results(t, site.store(t), ResultFilter{})); n != 2 {
		t.Errorf("%d are stored", n)
	}
	if !strings.Contains(r.log.String(), "panic while storing") {
		t.Errorf("log:\n%s", r.log)
	}
}
