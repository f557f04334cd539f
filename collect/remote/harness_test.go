package remote

import (
	"bytes"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

// typed returns the type of that name, as Types gives it.
func typed(t testing.TB, opt Options, name string) collect.Type {
	t.Helper()
	for _, typ := range Types(opt) {
		if typ.Name == name {
			return typ
		}
	}
	t.Fatalf("no type %s", name)
	return collect.Type{}
}

// run runs one check as the agent does, within limit.
func run(t testing.TB, typ collect.Type, details schedule.Details, limit time.Duration) collect.Result {
	t.Helper()
	return runCheck(t, typ, schedule.Check{Details: details, Timeout: limit})
}

func runCheck(t testing.TB, typ collect.Type, check schedule.Check) collect.Result {
	t.Helper()
	registry, err := collect.NewRegistry(typ)
	if err != nil {
		t.Fatal(err)
	}
	check.ID, check.Type = "test", typ.Name
	var result collect.Result
	runner := collect.Runner{Registry: registry}
	runner.Run(t.Context(), []collect.Job{{Check: check}}, func(_ int, o collect.Outcome) { result = o.Result })
	if result.State == collect.Unavailable && len(result.Metrics) > 0 {
		t.Errorf("an unavailable result has %d metrics", len(result.Metrics))
	}
	return result
}

// looks runs a check that has time enough.
func looks(t testing.TB, name string, details schedule.Details) collect.Result {
	t.Helper()
	return run(t, typed(t, Options{}, name), details, 30*time.Second)
}

// value is a metric's; "absent" where it is not reported.
func value(r collect.Result, name string) string {
	for _, m := range r.Metrics {
		if m.Name == name {
			return m.Value
		}
	}
	return "absent"
}

// available fails the test where the result is not.
func available(t testing.TB, r collect.Result) {
	t.Helper()
	if r.State != collect.Available {
		t.Fatalf("%s: %q", r.State, r.Status)
	}
}

// has compares metrics.
func has(t testing.TB, r collect.Result, want map[string]string) {
	t.Helper()
	for name, text := range want {
		if got := value(r, name); got != text {
			t.Errorf("%s is %q, want %q", name, got, text)
		}
	}
}

// fails wants an unavailable result with that status.
func fails(t testing.TB, r collect.Result, status string) {
	t.Helper()
	if r.State != collect.Unavailable || r.Status != status {
		t.Errorf("%s: %q, want %q", r.State, r.Status, status)
	}
}

// A speaker is a server whose every connection is given to a function, which is waited for at the end of the test. The
// connection is closed when it returns, and at the end of the test.
type speaker struct {
	address, port string
	mu            sync.Mutex
	open          map[net.Conn]bool
}

func speak(t testing.TB, address string, say func(conn net.Conn)) *speaker {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	s := &speaker{address: l.Addr().String(), open: map[net.Conn]bool{}}
	_, s.port, _ = net.SplitHostPort(s.address)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.note(conn, true)
			all.Go(func() {
				defer s.note(conn, false)
				say(conn)
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

func (s *speaker) note(conn net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		s.open[conn] = true
		return
	}
	conn.Close()
	delete(s.open, conn)
}

// untilClosed reads until the other side is gone.
func untilClosed(conn net.Conn) {
	var b [512]byte
	for {
		if _, err := conn.Read(b[:]); err != nil {
			return
		}
	}
}

// requestRead reads an HTTP request's head.
func requestRead(conn net.Conn) string {
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

// leavesNothing fails the test where goroutines of a check, or of what it uses, are there when do is done. They may take
// a moment to end.
func leavesNothing(t *testing.T, do func()) {
	t.Helper()
	do()
	var left string
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); {
		if left = ours(); left == "" {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("left behind:\n%s", left)
}

// ours are the stacks that a check has, or a transport of net/http, or a resolver.
func ours() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		for _, mark := range []string{"net/http.(*Transport)", "net/http.(*persistConn)", "http2ClientConn", "remote.dial(", "remote.(*echoSocket)", "net.(*Resolver)", "remote.lookup", "Check("} {
			if strings.Contains(stack, mark) && !strings.Contains(stack, "remote.ours") {
				left = append(left, stack)
				break
			}
		}
	}
	return strings.Join(left, "\n\n")
}

// within fails the test where do took much longer than a check's limit.
func within(t *testing.T, limit time.Duration, do func()) {
	t.Helper()
	start := time.Now()
	do()
	if took := time.Since(start); took > limit+collect.Grace/2 {
		t.Errorf("took %v, its limit was %v", took, limit)
	}
}
