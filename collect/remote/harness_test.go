package remote

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// typeNamed returns the check type of that name.
func typeNamed(t testing.TB, opt Options, name string) collect.Type {
	t.Helper()
	for _, typ := range Types(opt) {
		if typ.Name == name {
			return typ
		}
	}
	t.Fatalf("no type %s", name)
	return collect.Type{}
}

// run runs a check with a time limit.
func run(t testing.TB, typ collect.Type, details schedule.Details, limit time.Duration) collect.Result {
	t.Helper()
	return runCheck(t, typ, schedule.Check{Details: details, Timeout: limit})
}

// runCheck runs a check in a Runner. The check must return by its time limit.
func runCheck(t testing.TB, typ collect.Type, check schedule.Check) collect.Result {
	t.Helper()
	typ, returned := collecttest.RecordReturn(typ)
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	check.ID, check.Type = "test", typ.Name
	var result collect.Result
	runner := collect.Runner{Registry: registry}
	runner.Run(t.Context(), []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { result = o.Result })
	if !returned() {
		t.Errorf("%s was abandoned: it did not return at its time limit", typ.Name)
	}
	if result.State == collect.Unavailable && len(result.Metrics) > 0 {
		t.Errorf("an unavailable result has %d metrics", len(result.Metrics))
	}
	return result
}

// runType runs a check of a type, with more than enough time.
func runType(t testing.TB, name string, details schedule.Details) collect.Result {
	t.Helper()
	return run(t, typeNamed(t, Options{}, name), details, 30*time.Second)
}

// value returns a metric's value; "absent" where it is not reported.
func value(r collect.Result, name string) string {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value
		}
	}
	return "absent"
}

// wantAvailable ends the test where the result is unavailable.
func wantAvailable(t testing.TB, r collect.Result) {
	t.Helper()
	if r.State != collect.Available {
		t.Fatalf("%s: %q", r.State, r.Status)
	}
}

// wantMetrics compares metrics by name.
func wantMetrics(t testing.TB, r collect.Result, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got := value(r, name); got != text {
			t.Errorf("%s is %q, want %q", name, got, text)
		}
	}
}

// wantUnavailable expects an unavailable result with the status.
func wantUnavailable(t testing.TB, r collect.Result, status string) {
	t.Helper()
	if r.State != collect.Unavailable || r.Status != status {
		t.Errorf("%s: %q, want %q", r.State, r.Status, status)
	}
}

// A tcpServer passes each connection to a function, in its own goroutine. A connection is closed
// when the function returns, and at the end of the test.
type tcpServer struct {
	address, port string
	mu            sync.Mutex
	open          map[net.Conn]bool
}

func serveTCP(t testing.TB, address string, serve func(conn net.Conn)) *tcpServer {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &tcpServer{address: l.Addr().String(), open: map[net.Conn]bool{}}
	_, s.port, _ = net.SplitHostPort(s.address)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.track(conn, true)
			all.Go(func() {
				defer s.track(conn, false)
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		s.mu.Lock()
		for conn := range s.open {
			conn.Close()
		}
		s.mu.Unlock()
		all.Wait()
	})
	return s
}

// track adds an open connection, or closes and removes one.
func (s *tcpServer) track(conn net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		s.open[conn] = true
		return
	}
	conn.Close()
	delete(s.open, conn)
}

// discardAll reads until the connection ends.
func discardAll(conn net.Conn) {
	var b [512]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			return
		}
	}
}

// sendSlowly sends a text again and again, with short pauses, until the connection ends: the time
// limit of a single read never expires.
func sendSlowly(conn net.Conn, text string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
	}
}

// readRequest reads the header of an HTTP request.
func readRequest(conn net.Conn) string {
	var head []byte
	var b [1024]byte
	for !bytes.Contains(head, []byte("\r\n\r\n")) {
		n, err := conn.Read(b[:])
		head = append(head, b[:n]...)
		if err != nil {
			break
		}
	}
	return string(head)
}

// checkNoGoroutines fails where goroutines of a check or its libraries outlive do. They may take a
// moment to end.
func checkNoGoroutines(t *testing.T, do func()) {
	t.Helper()
	do()
	var left string
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if left = checkGoroutines(); left == "" {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("goroutines are left:\n%s", left)
}

// checkGoroutines returns the stacks of goroutines of a check, a transport of net/http, or a
// resolver.
func checkGoroutines() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, function := range []string{
			"net/http.(*Transport)", "net/http.(*persistConn)", "http2ClientConn", "net.(*Resolver)",
			"remote.dial(", "remote.(*prober)", "remote.dnsQuery", "Check(",
		} {
			if strings.Contains(stack, function) && !strings.Contains(stack, "remote.checkGoroutines") {
				left = append(left, stack)
				break
			}
		}
	}
	return strings.Join(left, "\n\n")
}
