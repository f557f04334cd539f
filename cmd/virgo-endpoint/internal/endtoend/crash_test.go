package endtoend

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync/atomic"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/cmd/virgo-endpoint/internal/server"
	"virgo/cmd/virgo-endpoint/internal/store"
)

// The test binary serves instead of testing where these are set: the folder, the point at which it is
// to be killed, and how many commits it lives through.
const (
	crashFolder = "VIRGO_TEST_CRASH_FOLDER"
	crashPoint  = "VIRGO_TEST_CRASH_POINT"
	crashAfter  = "VIRGO_TEST_CRASH_AFTER"
)

// The points at which a process is killed.
const (
	beforeCommit = "before commit"
	afterCommit  = "after commit" // and before any answer
	midAnswer    = "mid answer"   // in the middle of a write to a peer
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashFolder); dir != "" {
		if err := serveUntilKilled(folder.Dir(dir), os.Getenv(crashPoint), os.Getenv(crashAfter)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(dir folder.Dir, point, after string) error {
	n, err := strconv.Atoi(after)
	if err != nil {
		return err
	}
	st, err := store.Open(context.Background(), dir.StoreFile())
	if err != nil {
		return err
	}
	killing := &killingIntake{Intake: st, point: point}
	killing.left.Store(int64(n))
	opt, err := options(dir, killing)
	if err != nil {
		return err
	}
	l, err := server.Listen(context.Background(), "127.0.0.1:0")
	if err != nil {
		return err
	}
	if point == midAnswer {
		l = &killingListener{Listener: l, left: int64(n)}
	}
	fmt.Println(l.Addr())
	return server.New(opt).Serve(l)
}

// A killingIntake kills the process before or after an Append or AddBundle, after so many that it lets
// pass.
type killingIntake struct {
	intake.Intake
	point string
	left  atomic.Int64
}

func (k *killingIntake) Append(ctx context.Context, batch []intake.Arrival) ([]intake.Outcome, error) {
	k.killAt(beforeCommit)
	outcomes, err := k.Intake.Append(ctx, batch)
	k.killAt(afterCommit)
	return outcomes, err
}

func (k *killingIntake) AddBundle(ctx context.Context, p *intake.BundlePiece) error {
	k.killAt(beforeCommit)
	err := k.Intake.AddBundle(ctx, p)
	k.killAt(afterCommit)
	return err
}

func (k *killingIntake) killAt(point string) {
	if point != k.point {
		return
	}
	if k.left.Add(-1) < 0 {
		killSelf()
	}
}

func killSelf() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the kernel has done it
}

// A killingListener kills the process in the middle of a write, after so many whole ones to all peers.
type killingListener struct {
	net.Listener
	left int64
}

func (l *killingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &killingConn{Conn: nc, left: &l.left}, nil
}

type killingConn struct {
	net.Conn
	left *int64
}

func (c *killingConn) Write(p []byte) (int, error) {
	if atomic.AddInt64(c.left, -1) < 0 {
		c.Conn.Write(p[:len(p)/2])
		killSelf()
	}
	return c.Conn.Write(p)
}

// The server is killed at some commit, before or after it: each result that was acknowledged is stored,
// and when all are sent again each is stored once.
func TestKilledServer(t *testing.T) {
	const posts = 40
	for _, point := range []string{beforeCommit, afterCommit} {
		for _, after := range []int{0, 1, 2, 5} {
			t.Run(fmt.Sprintf("%s %d", point, after), func(t *testing.T) {
				site := newSite(t)
				proc := site.run(t, point, after)
				p := site.dial(t, proc.addr)
				acknowledged := map[string]bool{}
				_, err := p.Conn.Write([]byte(peertest.Frame(1000, "a", "handshake.hello",
					peertest.Hello("a", site.token))))
				for i := 0; i < posts && err == nil; i++ {
					_, err = p.Conn.Write([]byte(peertest.Frame(i, "a", "check_metrics.post",
						peertest.Metric(fmt.Sprint("r", i), "c"))))
					if i%8 == 7 { // so that there are several commits
						for range 8 {
							f, rerr := p.TryRead()
							if rerr != nil {
								err = rerr
								break
							}
							if f.Error == nil && string(f.Result) == "0" {
								acknowledged[fmt.Sprint("r", f.ID)] = true
							}
						}
					}
				}
				for err == nil {
					// Fewer commits were needed than it is to live through: each hello is one.
					if _, err = p.Conn.Write([]byte(peertest.Frame(1000, "a", "handshake.hello",
						peertest.Hello("a", site.token)))); err == nil {
						_, err = p.TryRead()
					}
				}
				proc.wait(t)
				stored := site.stored(t)
				for id := range acknowledged {
					if stored[id] != 1 {
						t.Errorf("%s was acknowledged and is stored %d times", id, stored[id])
					}
				}
				t.Logf("%d acknowledged, %d stored", len(acknowledged), len(stored))

				addr, _ := site.start(t)
				again := site.dial(t, addr)
				again.Hello("a", site.token)
				for i := range posts {
					again.OK("a", "check_metrics.post", peertest.Metric(fmt.Sprint("r", i), "c"))
				}
				stored = site.stored(t)
				for i := range posts {
					if id := fmt.Sprint("r", i); stored[id] != 1 {
						t.Errorf("%s is stored %d times in the end", id, stored[id])
					}
				}
			})
		}
	}
}
