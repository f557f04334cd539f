package collecttest

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Thorough skips a test that takes long or needs much of the machine, unless VIRGO_TEST=all asks
// for it. what says in a few words what the test needs.
func Thorough(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("VIRGO_TEST") != "all" {
		t.Skip(what + ": VIRGO_TEST=all runs this test")
	}
}

// Lacks skips a test that needs something that this machine lacks, or fails it where
// VIRGO_REQUIRE_SERVICES=1 says that everything is there. what names what is missing and where to
// get it.
func Lacks(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// Program finds a real program that the test runs against, also in the folders that only root's
// PATH has. Such tests are [Thorough]; where the program is missing, the test ends and names the
// Debian package that has it.
func Program(t testing.TB, name, debianPackage string) string {
	t.Helper()
	Thorough(t, "runs the real "+name)
	for _, candidate := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if path, err := exec.LookPath(candidate); err == nil {
			return path
		}
	}
	Lacks(t, name+" is missing: install Debian's "+debianPackage)
	return ""
}

// FreePort is a TCP port of the loopback interface on which nothing listened a moment ago. It is below
// those that systems choose for connections, so that none of another test has it before the server does.
func FreePort(t testing.TB) string {
	t.Helper()
	const lowest, highest, tries = 11_000, 32_000, 1000
	var err error
	for range tries {
		var l net.Listener
		port := strconv.Itoa(lowest + rand.IntN(highest-lowest))
		if l, err = net.Listen("tcp", "127.0.0.1:"+port); err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal(err)
	return ""
}

// startTimeout is how long a server may take until it is ready.
const startTimeout = time.Minute

// A Server is a real program that serves a test.
type Server struct {
	cmd    *exec.Cmd
	ended  chan struct{}
	output output
}

// Serve starts a server and waits until ready returns nil; ready is called repeatedly for up to a
// minute, and its context ends with the server. The server is stopped at the end of the test.
func Serve(t testing.TB, cmd *exec.Cmd, ready func(ctx context.Context) error) *Server {
	t.Helper()
	s := &Server{cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &s.output, &s.output
	ownGroup(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting %s: %v", cmd.Path, err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	go func() {
		defer close(s.ended)
		defer cancel()
		_ = cmd.Wait() // its output tells how it ended
	}()
	t.Cleanup(s.Stop)
	var err error
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if err = ready(ctx); err == nil {
			return s
		}
		select {
		case <-ctx.Done():
			s.Stop()
			t.Fatalf("%s is not ready: %v; it printed:\n%s", strings.Join(cmd.Args, " "), err, s.output.String())
		case <-tick.C:
		}
	}
}

// Said is what the server printed so far.
func (s *Server) Said() string { return s.output.String() }

// Stop ends the server with all that it started, and waits for its end.
func (s *Server) Stop() {
	interrupt(s.cmd)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
	}
	kill(s.cmd)
	<-s.ended
}

// Answers is a ready function for Serve: a connection to the address ("tcp" or "unix") succeeds.
func Answers(network, address string) func(context.Context) error {
	return func(ctx context.Context) error {
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err != nil {
			return fmt.Errorf("dialing %s: %w", address, err)
		}
		return conn.Close()
	}
}

// output is the last part of what a server printed.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.buf.Len() > 64<<10 {
		o.buf.Reset()
	}
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
