package server

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// An addressedConn is a pipe's end with an address.
type addressedConn struct {
	net.Conn
	remote net.Addr
}

func (c addressedConn) RemoteAddr() net.Addr { return c.remote }

// dialFrom connects as if from an IP address.
func (l *pipeListener) dialFrom(ip string) net.Conn {
	mine, theirs := net.Pipe()
	l.hand(addressedConn{theirs, &net.TCPAddr{IP: net.ParseIP(ip), Port: 1}})
	return mine
}

// closedByServer reports whether the server has closed a connection, which must have nothing to read.
func closedByServer(t *testing.T, c net.Conn) bool {
	t.Helper()
	synctest.Wait()
	c.SetReadDeadline(time.Now().Add(time.Millisecond))
	n, err := c.Read(make([]byte, 1))
	if n != 0 {
		t.Fatal("there is something to read")
	}
	c.SetReadDeadline(time.Time{})
	return errors.Is(err, io.EOF)
}

// A connection that sends nothing is closed after 2 s. Where one address has too many, the oldest of them
// is, and where there are too many in all, the oldest of the address that has the most.
func TestMuteConnections(t *testing.T) {
	withFakeClock(t, Limits{Mute: 5, MutePerAddress: 3}, func(t *testing.T, r *running, l *pipeListener) {
		began := time.Now()
		wantClosedAfter(t, l.dialFrom("192.0.2.1"), began, 2*time.Second)

		var first, second []net.Conn
		for range 3 {
			first = append(first, l.dialFrom("2001:db8::1"))
		}
		first = append(first, l.dialFrom("2001:db8::2")) // of the same /64
		if !closedByServer(t, first[0]) || closedByServer(t, first[1]) {
			t.Error("its address's oldest has not made room")
		}
		for range 3 {
			second = append(second, l.dialFrom("192.0.2.2"))
		}
		for i, c := range first[1:] {
			if got := closedByServer(t, c); got != (i == 0) {
				t.Errorf("connection %d of the address with the most: closed %v", i+1, got)
			}
		}
		for i, c := range second {
			if closedByServer(t, c) {
				t.Errorf("connection %d of the other address is closed", i)
			}
		}
	})
}

// inStage returns the number of connections in a stage.
func (a *admission) inStage(s stage) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.count[s]
}

// serveOne says hello from an address; the session stays.
func serveOne(t *testing.T, r *running, l *pipeListener, ip, agent string) *peertest.Peer {
	t.Helper()
	p := r.over(t, l.dialFrom(ip))
	p.Hello(agent, r.token)
	return p
}

// An address that holds all places in TLS without a hello makes room for another one, after a moment.
func TestGreetingsMakeRoom(t *testing.T) {
	withFakeClock(t, Limits{Served: 4, GreetingPerAddress: 4}, func(t *testing.T, r *running, l *pipeListener) {
		for range 4 {
			r.over(t, l.dialFrom("192.0.2.1"))
		}
		began := time.Now()
		serveOne(t, r, l, "192.0.2.2", "a").OK("a", "heartbeat.post", "null")
		if waited := time.Since(began); waited > shareAfter {
			t.Errorf("waited for %v", waited)
		}
		if n := strings.Count(r.log.String(), "closed to make room"); n != 1 {
			t.Errorf("%d made room:\n%s", n, r.log)
		}
	})
}

// An address has at most its share of the places before hello, so another one does not wait at all.
func TestGreetingsOfOneAddress(t *testing.T) {
	withFakeClock(t, Limits{Served: 4, GreetingPerAddress: 2}, func(t *testing.T, r *running, l *pipeListener) {
		for range 20 {
			c := l.dialFrom("192.0.2.1")
			background(t, func() { c.Write([]byte{22}) })
		}
		synctest.Wait()
		began := time.Now()
		serveOne(t, r, l, "192.0.2.2", "a")
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited for %v", waited)
		}
	})
}

// Sessions that are idle do not count; those that are not leave half of the places to others.
func TestIdleSessionsDoNotCount(t *testing.T) {
	withFakeClock(t, Limits{Served: 4}, func(t *testing.T, r *running, l *pipeListener) {
		var peers []*peertest.Peer
		began := time.Now()
		for i := range 40 {
			peers = append(peers, serveOne(t, r, l, "192.0.2.1", fmt.Sprint("daemon", i)))
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited for %v", waited)
		}
		time.Sleep(2 * idleAfter)
		for i, p := range peers {
			p.OK(fmt.Sprint("daemon", i), "heartbeat.post", "null")
			if n := r.server.admission.inStage(active); n != i+1 {
				t.Fatalf("%d sessions are active after %d heartbeats", n, i+1)
			}
		}
		serveOne(t, r, l, "192.0.2.2", "late")
	})
}

// Beyond the queue a hello is answered with a rate limit, which names a time within the next minute that
// depends on the agent.
func TestBusyEndpointRefuses(t *testing.T) {
	withFakeClock(t, Limits{Served: 1, Queue: 1, Refusing: 4}, func(t *testing.T, r *running, l *pipeListener) {
		held := r.over(t, l.dialFrom("192.0.2.1"))
		waiting := l.dialFrom("192.0.2.2")
		served := make(chan error, 1)
		go func() {
			_, err := waiting.Write([]byte{22}) // waits for its turn
			served <- err
		}()
		if err := <-served; err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		times := map[string]int64{}
		for _, agent := range []string{"a", "b", "c", "a"} {
			p := r.over(t, l.dialFrom("192.0.2.3"))
			f := p.Call(agent, "handshake.hello", peertest.Hello(agent, r.token))
			if f.Error == nil || f.Error.Type != "rateLimitReached" || f.Error.RetryAfterMS < 1 || f.Error.RetryAfterMS > 60_000 {
				t.Fatalf("hello of %s: %+v", agent, f)
			}
			if before, ok := times[agent]; ok && before != f.Error.RetryAfterMS {
				t.Errorf("%s comes back after %d and after %d ms", agent, before, f.Error.RetryAfterMS)
			}
			times[agent] = f.Error.RetryAfterMS
			p.Ended()
		}
		if times["a"] == times["b"] || times["b"] == times["c"] {
			t.Errorf("they all come back at the same time: %v", times)
		}
		held.Hello("held", r.token) // is served all the same
	})
}

// stall opens connections that begin and do not go on.
func stall(t *testing.T, l *pipeListener, n int) {
	for range n {
		if _, err := l.dialFrom("192.0.2.1").Write([]byte{22}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // it is in the queue
	}
}

// Who has waited for half of the time is told to come back.
func TestWaitingEndsWithARefusal(t *testing.T) {
	withFakeClock(t, Limits{Served: 1, Hello: time.Minute, GreetingPerAddress: 1}, func(t *testing.T, r *running, l *pipeListener) {
		stall(t, l, 10)
		began := time.Now()
		p := r.over(t, l.dialFrom("192.0.2.1"))
		if waited := time.Since(began); waited != 4*time.Second {
			t.Errorf("waited for %v", waited)
		}
		wantLimited(t, p, "a", "handshake.hello", peertest.Hello("a", r.token))
	})
}

// Agents that are refused come back spread over the minute, whatever their names have in common.
func TestRefusalsAreSpread(t *testing.T) {
	for _, form := range []string{"%d", "web%05d", "host-%d.example.com", "%032x"} {
		const agents = 60_000
		var seconds [60]int
		for i := range agents {
			wait := rateLimit(fmt.Sprintf(form, i), 0, "").RetryAfterMS
			if wait < 1 || wait > 60_000 {
				t.Fatalf("%d ms", wait)
			}
			seconds[(wait-1)/1000]++
		}
		for s, n := range seconds {
			if n < agents/60*8/10 || n > agents/60*12/10 {
				t.Errorf(form+": %d of %d come back in second %d", 0, n, agents, s)
			}
		}
	}
}

// Who waits too long for its turn is closed where it cannot be told.
func TestTurnIsBounded(t *testing.T) {
	limits := Limits{Served: 1, Refusing: 1, Hello: time.Minute, Turn: 3 * time.Second, GreetingPerAddress: 1}
	withFakeClock(t, limits, func(t *testing.T, r *running, l *pipeListener) {
		stall(t, l, 10)              // each has the place for a while, and one is being refused
		time.Sleep(time.Millisecond) // so that it is one of them
		c := l.dialFrom("192.0.2.2")
		began := time.Now()
		c.Write([]byte{22})
		wantClosedAfter(t, c, began, 3*time.Second)
	})
}

// Only the total leaves connections where they are, in the listener's queue.
func TestConnectionsInAll(t *testing.T) {
	withFakeClock(t, Limits{Connections: 3}, func(t *testing.T, r *running, l *pipeListener) {
		first := serveOne(t, r, l, "192.0.2.1", "a")
		serveOne(t, r, l, "192.0.2.1", "b")
		serveOne(t, r, l, "192.0.2.1", "c")
		accepted := make(chan net.Conn)
		go func() { accepted <- l.dialFrom("192.0.2.2") }()
		time.Sleep(time.Minute)
		synctest.Wait()
		select {
		case <-accepted:
			t.Fatal("it was accepted")
		default:
		}
		first.Conn.Close()
		r.over(t, <-accepted).Hello("d", r.token)
		if !strings.Contains(r.log.String(), "too many connections") {
			t.Errorf("log:\n%s", r.log)
		}
	})
}

// A handshake that waits for its peer leaves its turn to others.
func TestStalledHandshakesTakeNoTurn(t *testing.T) {
	withFakeClock(t, Limits{}, func(t *testing.T, r *running, l *pipeListener) {
		for range 3 * cap(r.server.turns) {
			c := l.dialFrom("192.0.2.1")
			if _, err := c.Write([]byte{22, 3}); err != nil {
				t.Fatal(err)
			}
		}
		began := time.Now()
		serveOne(t, r, l, "192.0.2.2", "a")
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited for %v", waited)
		}
	})
}
