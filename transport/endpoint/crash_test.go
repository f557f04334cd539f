package endpoint

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The test binary serves instead of testing where these are set: the folder, the point at which it is
// to be killed, and how many commits it lives through.
const (
	crashFolder = "VIRGO_TEST_CRASH_FOLDER"
	crashPoint  = "VIRGO_TEST_CRASH_POINT"
	crashAfter  = "VIRGO_TEST_CRASH_AFTER"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(crashFolder); folder != "" {
		if err := serveUntilKilled(Folder(folder), os.Getenv(crashPoint), os.Getenv(crashAfter)); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func serveUntilKilled(folder Folder, point, after string) error {
	n, err := strconv.Atoi(after)
	if err != nil {
		return err
	}
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	store, err := OpenStore(ctx, folder.StoreFile())
	if err != nil {
		return err
	}
	cert, err := LoadCertificate(folder, log, time.Now)
	if err != nil {
		return err
	}
	var commits atomic.Int64
	server, err := NewServer(Options{Store: store, Schedules: NewSchedules(folder.SchedulesDir(), log, time.Now), TLS: cert.TLSConfig(),
		Hook: func(at string) {
			if at == point && commits.Add(1) > int64(n) {
				killSelf()
			}
		}})
	if err != nil {
		return err
	}
	l, err := Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return err
	}
	if point == midAnswer {
		l = &cuttingListener{Listener: l, left: int64(n)}
	}
	fmt.Println(l.Addr())
	return server.Serve(l)
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

// midAnswer is the point in the middle of a write to a peer.
const midAnswer = "mid answer"

// A cuttingListener kills the process in the middle of a write, after so many whole ones to all peers.
type cuttingListener struct {
	net.Listener
	left int64
}

func (l *cuttingListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &cuttingConn{Conn: nc, left: &l.left}, nil
}

type cuttingConn struct {
	net.Conn
	left *int64
}

func (c *cuttingConn) Write(p []byte) (int, error) {
	if atomic.AddInt64(c.left, -1) < 0 {
		c.Conn.Write(p[:len(p)/2])
		killSelf()
	}
	return c.Conn.Write(p)
}

// startToBeKilled starts such a server; the returned function waits for its end.
func (s *site) startToBeKilled(t *testing.T, point string, after int) (*running, func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), crashFolder+"="+string(s.folder), crashPoint+"="+point, crashAfter+"="+strconv.Itoa(after))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &running{site: s, addr: strings.TrimSpace(addr)}, func() {
		t.Helper()
		if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() == 1 {
			t.Errorf("it was not killed: %v", err)
		}
	}
}

// The server is killed at some commit, before or after it: each result that was acknowledged is stored,
// and when all are sent again each is stored once.
func TestKilledServer(t *testing.T) {
	const posts = 40
	for _, point := range []string{"before commit", "after commit"} {
		for _, after := range []int{0, 1, 2, 5} {
			t.Run(fmt.Sprintf("%s %d", point, after), func(t *testing.T) {
				site := newSite(t)
				r, wait := site.startToBeKilled(t, point, after)
				p := r.dial(t)
				acknowledged := map[string]bool{}
				_, err := p.conn.Write([]byte(frame(1000, "a", "handshake.hello", helloOf("a", site.token))))
				for i := 0; i < posts && err == nil; i++ {
					_, err = p.conn.Write([]byte(frame(i, "a", "check_metrics.post", metric(fmt.Sprint("r", i), "c"))))
					if i%8 == 7 { // so that there are several commits
						for range 8 {
							f, rerr := p.tryRead()
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
					if _, err = p.conn.Write([]byte(frame(1000, "a", "handshake.hello", helloOf("a", site.token)))); err == nil {
						_, err = p.tryRead()
					}
				}
				wait()
				s := site.store(t)
				stored := map[string]int{}
				for _, one := range results(t, s, ResultFilter{}) {
					stored[one.ResultID]++
				}
				for id := range acknowledged {
					if stored[id] != 1 {
						t.Errorf("%s was acknowledged and is stored %d times", id, stored[id])
					}
				}
				t.Logf("%d acknowledged, %d stored", len(acknowledged), len(stored))

				again := site.start(t).dial(t)
				again.hello("a", site.token)
				for i := range posts {
					again.ok("a", "check_metrics.post", metric(fmt.Sprint("r", i), "c"))
				}
				if n := len(results(t, s, ResultFilter{})); n != posts {
					t.Errorf("%d are stored in the end", n)
				}
			})
		}
	}
}
