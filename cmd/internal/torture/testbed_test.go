package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/cmd/internal/run"
	"virgo/collect"
	"virgo/schedule/policy"
	"virgo/schedule/yaml/full"
	"virgo/spool"
	"virgo/transport/transporttest"
)

const (
	runDeadline  = 50 * time.Second // of a run, the program's default
	checksPerRun = 60
	// preparationEnd is when, in a synctest bubble's time, the runs that made a startState are over for sure.
	preparationEnd = time.Hour
)

func manyChecks() json.RawMessage {
	list := make([]string, checksPerRun)
	for i := range list {
		list[i] = fmt.Sprintf(`{"id":"c%d","type":"test.ok","period":60,"timeout":5}`, i)
	}
	return json.RawMessage("[" + strings.Join(list, ",") + "]")
}

// A testbed is a real agent with its spool on disk, a fake endpoint, and an in-memory network between them,
// in a synctest bubble (fake time).
type testbed struct {
	*run.Agent
	endpoint *transporttest.Endpoint
	dir      string
	wrapConn func(net.Conn) net.Conn // wraps the agent's end of each connection; may be nil
}

// newTestbed makes one with its state in dir, where a state may exist already.
func newTestbed(t *testing.T, dir string, script transporttest.Script) *testbed {
	t.Helper()
	e, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	b := &testbed{Agent: newAgent(t, agentID, dir), endpoint: e, dir: dir}
	b.Endpoints = []string{"localhost:1"}
	b.TLS.Pins = []string{e.Pin()}
	b.DialContext = func(context.Context, string, string) (net.Conn, error) {
		near, far := transporttest.Link(0, 0)
		if b.wrapConn != nil {
			near = b.wrapConn(near)
		}
		go e.ServeTLS(far)
		return near, nil
	}
	return b
}

// newAgent makes an agent without an endpoint. Its state is in dir, its checks are of type test.ok.
func newAgent(t *testing.T, id, dir string) *run.Agent {
	t.Helper()
	sp, err := spool.Open(filepath.Join(dir, "state"), spool.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	runs := 0
	reg, err := collect.NewRegistry(collect.Type{Name: "test.ok", Checker: collect.CheckerFunc(
		func(context.Context, collect.Request) (collect.Report, error) {
			runs++
			return collect.Report{
				Sample:  fmt.Append(nil, runs),
				Metrics: []collect.Metric{{Name: "runs", Type: collect.Int64, Value: fmt.Sprint(runs)}},
			}, nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	return &run.Agent{
		Config: link.Config{
			ID: id, Name: id, Version: "0.1.0",
			Policy:    &policy.Policy{Checks: []policy.Rule{{Keyword: policy.All}}},
			Token:     func() (string, error) { return token, nil },
			ChecksDir: filepath.Join(dir, "checks.d"),
			ParseYAML: full.Parse,
			Spool:     sp,
			Registry:  reg,
			Now:       time.Now,
			Notice:    func(string, ...any) {},
			Verbose:   func(string, ...any) {},
		},
		Concurrency: 1, ScheduleMaxAge: 24 * time.Hour,
	}
}

func (b *testbed) close() { b.endpoint.Close() }

// nextMinute waits until every check is due again.
func (b *testbed) nextMinute() { time.Sleep(time.Minute) }

func (b *testbed) run(t *testing.T) run.Report {
	t.Helper()
	return b.runWith(t, run.Options{Deliver: true})
}

func (b *testbed) runWith(t *testing.T, opt run.Options) run.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runDeadline)
	defer cancel()
	rep, err := b.Run(ctx, opt)
	if err != nil {
		t.Errorf("run: %v", err)
	}
	return rep
}

// checkNothingLost checks that the spool and the endpoint together have want results of the agent, and the
// endpoint each once, and returns how many wait.
func (b *testbed) checkNothingLost(t *testing.T, want int) (waiting int) {
	t.Helper()
	stored := b.endpoint.Stored()
	have := checkStoredOnce(t, stored)
	seen := make(map[string]bool)
	for _, s := range stored {
		var p struct {
			CheckID   string `json:"check_id"`
			Timestamp int64  `json:"timestamp"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil {
			t.Fatal(err)
		}
		result := fmt.Sprint(p.CheckID, " at ", p.Timestamp)
		if seen[result] {
			t.Errorf("%s is stored under two ids", result)
		}
		seen[result] = true
	}
	left := waitingIn(t, b.Spool)
	for _, id := range left {
		have[id] = true
	}
	if len(have) != want {
		t.Errorf("%d results are at the endpoint and %d in the spool, %d in all, want %d", len(stored), len(left), len(have), want)
	}
	return len(left)
}

// A startState is the state that a case begins with: a schedule, a known endpoint, results that wait.
type startState struct {
	pipelined bool
	files     map[string][]byte
	waiting   int
}

// newStartState makes one by real runs.
func newStartState(t *testing.T, pipelined bool) *startState {
	t.Helper()
	runs := 6
	if !pipelined {
		runs = 1 // each result is a commit of its own then
	}
	s := &startState{pipelined: pipelined, waiting: runs * checksPerRun}
	synctest.Test(t, func(t *testing.T) {
		dir := fastDir(t)
		b := newTestbed(t, dir, endpointScript(pipelined))
		defer b.close()
		began := time.Now()
		if rep := b.run(t); rep.Delivery.Err != nil || rep.Delivery.Delivered != checksPerRun {
			t.Fatalf("%+v", rep)
		}
		for range runs {
			b.nextMinute()
			b.runWith(t, run.Options{})
		}
		if n := len(waitingIn(t, b.Spool)); n != s.waiting {
			t.Fatalf("%d results wait, want %d", n, s.waiting)
		}
		if time.Since(began) > preparationEnd/2 {
			t.Fatalf("preparing took %v", time.Since(began))
		}
		s.files = readState(t, dir)
	})
	return s
}

// restore makes a testbed that begins with this state.
func (s *startState) restore(t *testing.T, script transporttest.Script) *testbed {
	t.Helper()
	dir := fastDir(t)
	if err := os.Mkdir(filepath.Join(dir, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range s.files {
		if err := os.WriteFile(filepath.Join(dir, "state", name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(preparationEnd)
	return newTestbed(t, dir, script)
}

func readState(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files := make(map[string][]byte)
	entries, err := os.ReadDir(filepath.Join(dir, "state"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, "state", e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// fastDir is a folder in memory where the system has one: these cases are about the network, and commits would
// wait for the disk.
func fastDir(t *testing.T) string {
	t.Helper()
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = ""
	}
	dir, err := os.MkdirTemp(parent, "virgo-torture")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
