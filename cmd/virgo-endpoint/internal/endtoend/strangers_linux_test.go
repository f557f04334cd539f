package endtoend

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/transport"
)

// deliveryTime is the time within which an agent delivers while an attack goes on.
const deliveryTime = 2 * time.Second

// An attack is carried out by many connections at the same time, each of which is opened again as soon as
// it is closed, against a real server with its default limits.
type attack struct {
	*site
	addr string
	ctx  context.Context // of the attackers
}

func newAttack(t *testing.T) *attack {
	t.Helper()
	if raceDetector {
		t.Skip("the race detector slows the attackers and the server alike: .ci/run runs this test without it")
	}
	a := &attack{site: newSite(t)}
	a.addr, _ = a.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	a.ctx = ctx
	t.Cleanup(cancel)
	return a
}

// dialFrom connects from an address of this host.
func (a *attack) dialFrom(ctx context.Context, ip string) (net.Conn, error) {
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	return d.DialContext(ctx, "tcp", a.addr)
}

// run lets n attackers work until the test ends. It returns when each has called begun, or fails.
func (a *attack) run(t *testing.T, n int, attacker func(ctx context.Context, i int, begun func()) error) {
	t.Helper()
	var wg, all sync.WaitGroup
	ctx, cancel := context.WithCancel(a.ctx)
	t.Cleanup(func() { cancel(); wg.Wait() })
	all.Add(n)
	for i := range n {
		wg.Go(func() {
			var once sync.Once
			for ctx.Err() == nil {
				attacker(ctx, i, func() { once.Do(all.Done) })
			}
			once.Do(all.Done)
		})
	}
	began := make(chan struct{})
	go func() { all.Wait(); close(began) }()
	select {
	case <-began:
	case <-time.After(time.Minute):
		t.Fatal("the attack did not begin")
	}
}

// hold keeps a connection open until the server closes it or the attack ends.
func hold(ctx context.Context, c net.Conn) error {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	defer c.Close()
	_, err := io.Copy(io.Discard, c)
	return err
}

// results is a queue of results with values of a size.
type results struct {
	left   []transport.Post
	stored int
}

func newResults(agent string, session, n, size int) *results {
	r := &results{}
	for i := range n {
		params := strings.Replace(peertest.Metric(fmt.Sprintf("%s/%016x-%x", agent, session, i), "c"),
			`"v":"12"`, `"v":"12"},"text":{"t":"string","v":"`+strings.Repeat("x", size)+`"`, 1)
		r.left = append(r.left, transport.Post{Key: uint64(i), Params: []byte(params)})
	}
	return r
}

func (r *results) Next(context.Context) ([]transport.Post, error) {
	posts := r.left
	r.left = nil
	return posts, nil
}

func (r *results) Rewind() {}

func (r *results) Settle(_ context.Context, outcomes []transport.Outcome) error {
	for _, o := range outcomes {
		if o.Refused != nil {
			return o.Refused
		}
		r.stored++
	}
	return nil
}

// deliver is one run of a real agent's session: connect, hello, results, heartbeat.
func (a *attack) deliver(t *testing.T, session, n, size int) error {
	ctx, cancel := context.WithTimeout(t.Context(), deliveryTime)
	defer cancel()
	d := transport.Dialer{Endpoints: []string{a.addr}, TLS: transport.TLSConfig{CAFile: a.dir.CAFile()}}
	conn, _, err := d.Dial(ctx)
	if err != nil {
		return err
	}
	s := transport.Start(ctx, conn, transport.Identity{AgentID: "real", AgentName: "virgo", Token: a.token},
		transport.SessionOptions{Pipelined: true})
	q := newResults("real", session, n, size)
	_, err = s.Deliver(ctx, q)
	err = errors.Join(err, s.Close(ctx))
	if err == nil && q.stored != n {
		err = fmt.Errorf("%d of %d are stored", q.stored, n)
	}
	return err
}

// wantDeliveries lets the real agent deliver several times while the attack goes on.
func (a *attack) wantDeliveries(t *testing.T, size int) {
	t.Helper()
	const runs, each = 5, 3
	for i := range runs {
		if err := a.deliver(t, i, each, size); err != nil {
			t.Fatalf("run %d: %v", i, err)
		}
	}
	stored := a.stored(t)
	for i := range runs {
		for k := range each {
			if id := fmt.Sprintf("real/%016x-%x", i, k); stored[id] != 1 {
				t.Errorf("%s is stored %d times", id, stored[id])
			}
		}
	}
}

// thorough skips a test that needs much of the machine.
func thorough(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skip(what + ": VIRGO_TEST=all runs this test")
	}
}

// Idle HTTPS connections from one address.
func TestIdleHTTPSConnections(t *testing.T) {
	thorough(t, "1,024 TLS connections")
	a := newAttack(t)
	cfg := a.clientTLS()
	var served atomic.Int64
	full := make(chan struct{}) // the address has all places that one may have
	a.run(t, 1024, func(ctx context.Context, i int, begun func()) error {
		nc, err := a.dialFrom(ctx, "127.0.0.2")
		if err != nil {
			return err
		}
		stop := context.AfterFunc(ctx, func() { nc.Close() })
		defer stop()
		begun()
		c := tls.Client(nc, cfg)
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nConnection: keep-alive\r\nX: "); err != nil {
			nc.Close()
			return err
		}
		if served.Add(1) == int64(server.Limits{}.OrDefaults().GreetingPerAddress) {
			close(full)
		}
		return hold(ctx, c)
	})
	<-full
	a.wantDeliveries(t, 10)
}

// Connections that send nothing, from one address and from many.
func TestMuteConnections(t *testing.T) {
	for name, addresses := range map[string]int{"one address": 1, "50 addresses": 50} {
		t.Run(name, func(t *testing.T) {
			a := newAttack(t)
			a.run(t, 1100, func(ctx context.Context, i int, begun func()) error {
				c, err := a.dialFrom(ctx, fmt.Sprintf("127.0.0.%d", 2+i%addresses))
				if err != nil {
					return err
				}
				begun()
				return hold(ctx, c)
			})
			a.wantDeliveries(t, 10)
		})
	}
}

// Connections that begin TLS and stall there.
func TestStalledHandshakes(t *testing.T) {
	for name, addresses := range map[string]int{"one address": 1, "50 addresses": 50} {
		t.Run(name, func(t *testing.T) {
			a := newAttack(t)
			a.run(t, 600, func(ctx context.Context, i int, begun func()) error {
				c, err := a.dialFrom(ctx, fmt.Sprintf("127.0.0.%d", 2+i%addresses))
				if err != nil {
					return err
				}
				c.Write([]byte{22, 3, 1, 2, 0, 1})
				begun()
				return hold(ctx, c)
			})
			a.wantDeliveries(t, 10)
		})
	}
}

// hello opens a session of an agent.
func (a *attack) hello(ctx context.Context, ip, agent, token string) (*tls.Conn, *bufio.Reader, error) {
	nc, err := a.dialFrom(ctx, ip)
	if err != nil {
		return nil, nil, err
	}
	context.AfterFunc(ctx, func() { nc.Close() })
	c := tls.Client(nc, a.clientTLS())
	r := bufio.NewReader(c)
	_, err = io.WriteString(c, peertest.Frame(1, agent, "handshake.hello", peertest.Hello(agent, token)))
	if err == nil {
		var line string
		if line, err = r.ReadString('\n'); err == nil && !strings.Contains(line, "heartbeat_interval") {
			err = errors.New(line)
		}
	}
	if err != nil {
		nc.Close()
	}
	return c, r, err
}

// Posts of 3.9 MB that are padding. They are refused, and nothing of them is stored.
func TestPaddedPosts(t *testing.T) {
	a := newAttack(t)
	padding := strings.Repeat("x", 3_900_000)
	refused := make(chan struct{}) // closed when the first one is
	var once sync.Once
	a.run(t, 8, func(ctx context.Context, i int, begun func()) error {
		agent := fmt.Sprint("padded", i)
		c, r, err := a.hello(ctx, "127.0.0.2", agent, a.token)
		if err != nil {
			return err
		}
		defer c.Close()
		for n := range 5 {
			params := strings.TrimSuffix(peertest.Metric(fmt.Sprint("r", n), "c"), "}") + `,"padding":"` + padding + `"}`
			if _, err := io.WriteString(c, peertest.Frame(2+n, agent, "check_metrics.post", params)); err != nil {
				return err
			}
			begun()
			line, err := r.ReadString('\n')
			if err != nil {
				return err
			}
			if strings.Contains(line, `"code":400`) {
				once.Do(func() { close(refused) })
			}
		}
		<-ctx.Done()
		return nil
	})
	a.wantDeliveries(t, 10)
	select {
	case <-refused:
	case <-time.After(time.Minute):
		t.Error("no padded post arrived: this was no attack")
	}
	for id, n := range a.stored(t) {
		if !strings.HasPrefix(id, "real/") {
			t.Errorf("%s is stored, %d times", id, n)
		}
	}
}

// Agents that do not exist, with one token, each of which keeps its session and goes on asking.
func TestGhostAgents(t *testing.T) {
	thorough(t, "950 TLS connections")
	a := newAttack(t)
	a.run(t, 950, func(ctx context.Context, i int, begun func()) error {
		agent := fmt.Sprint("ghost", i)
		c, r, err := a.hello(ctx, fmt.Sprintf("127.0.0.%d", 2+i%50), agent, a.token)
		if err != nil {
			return err
		}
		defer c.Close()
		begun()
		for id := 2; ; id++ {
			if _, err := io.WriteString(c, peertest.Frame(id, agent, "heartbeat.post", "null")); err != nil {
				return err
			}
			if _, err := r.ReadString('\n'); err != nil {
				return err
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(700 * time.Millisecond): // so that the session always counts as active
			}
		}
	})
	a.wantDeliveries(t, 10)
}

// Frames of which only the first half is sent, with the token of the real agent and with another one. The
// real agent's results are large as well.
func TestHalfFrames(t *testing.T) {
	a := newAttack(t)
	other := a.addToken(t, intake.TokenSpec{Kinds: intake.Legacy, AgentIDs: agentsOfTests()})
	half := `,"padding":"` + strings.Repeat("x", 2_000_000)
	a.run(t, 16, func(ctx context.Context, i int, begun func()) error {
		agent, token := fmt.Sprint("half", i), a.token
		if i%2 == 0 {
			token = other
		}
		c, _, err := a.hello(ctx, "127.0.0.2", agent, token)
		if err != nil {
			return err
		}
		defer c.Close()
		frame := strings.TrimSuffix(peertest.Frame(2, agent, "check_metrics.post", peertest.Metric("r", "c")), "}}\n")
		if _, err := io.WriteString(c, frame+half); err != nil {
			return err
		}
		begun()
		return hold(ctx, c)
	})
	a.wantDeliveries(t, 300_000)
}
