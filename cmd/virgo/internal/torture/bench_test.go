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

	"virgo/cmd/virgo/internal/agent"
	"virgo/collect"
	"virgo/spool"
	"virgo/transport/transporttest"
)

const (
	runDeadline  = 50 * time.Second // of a run, the program's default
	checksPerRun = 60
	// prepared is when, in a bubble's time, a seed's own runs are over for sure.
	prepared = time.Hour
)

func manyChecks() json.RawMessage {
	list := make([]string, checksPerRun)
	for i := range list {
		list[i] = fmt.Sprintf(`{"id":"c%d","type":"test.ok","period":60,"timeout":5}`, i)
	}
	return json.RawMessage("[" + strings.Join(list, ",") + "]")
}

// A bench is a real agent with its spool on disk, a fake endpoint and a network of memory between them. It
// lives in a bubble of fake time.
type bench struct {
	*agent.Agent
	endpoint *transporttest.Endpoint
	dir      string
	wire     func(net.Conn) net.Conn // what the agent's end goes through; may be nil
}

// newBench makes one whose state is at dir, where a state may be already.
func newBench(t *testing.T, dir string, script transporttest.Script) *bench {
	t.Helper()
	e, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{Agent: newAgent(t, agentID, dir), endpoint: e, dir: dir}
	b.Endpoints = []string{"localhost:1"}
	b.TLS.Pins = []string{e.Pin()}
	b.DialContext = func(context.Context, string, string) (net.Conn, error) {
		near, far := transporttest.Link(0, 0)
		if b.wire != nil {
			near = b.wire(near)
		}
		go e.ServeTLS(far)
		return near, nil
	}
	return b
}

// newAgent makes an agent that knows no endpoint. Its state is at dir, its checks are of type test.ok.
func newAgent(t *testing.T, id, dir string) *agent.Agent {
	t.Helper()
	sp, err := spool.Open(filepath.Join(dir, "state"), spool.Options{Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	reg, err := collect.NewRegistry(collect.Type{Name: "test.ok", Checker: collect.CheckerFunc(
		func(context.Context, collect.Request) (collect.Report, error) {
			looked++
			return collect.Report{
				Sample:  fmt.Append(nil, looked),
				Metrics: []collect.Metric{{Name: "looked", Type: collect.Int64, Value: fmt.Sprint(looked)}},
			}, nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	return &agent.Agent{
		ID: id, Name: id, Version: "0.1.0", Concurrency: 1, ScheduleMaxAge: 24 * time.Hour,
		Token:     func() (string, error) { return token, nil },
		ChecksDir: filepath.Join(dir, "checks.d"),
		Spool:     sp, Registry: reg, Now: time.Now,
		Notice:  func(string, ...any) {},
		Verbose: func(string, ...any) {},
	}
}

func (b *bench) close() { b.endpoint.Close() }

// nextMinute waits until every check is due again.
func (b *bench) nextMinute() { time.Sleep(time.Minute) }

func (b *bench) run(t *testing.T) agent.Report {
	t.Helper()
	return b.runWith(t, agent.Options{Deliver: true})
}

func (b *bench) runWith(t *testing.T, opt agent.Options) agent.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), runDeadline)
	defer cancel()
	rep, err := b.Run(ctx, opt)
	if err != nil {
		t.Errorf("run: %v", err)
	}
	return rep
}

// accounted checks that the spool and the endpoint together have want results of the agent, and the
// endpoint each once, and says how many wait.
func (b *bench) accounted(t *testing.T, want int) (waiting int) {
	t.Helper()
	stored := b.endpoint.Stored()
	have := once(t, stored)
	looks := make(map[string]bool)
	for _, s := range stored {
		var p struct {
			CheckID   string `json:"check_id"`
			Timestamp int64  `json:"timestamp"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil {
			t.Fatal(err)
		}
		look := fmt.Sprint(p.CheckID, " at ", p.Timestamp)
		if looks[look] {
			t.Errorf("%s is stored under two ids", look)
		}
		looks[look] = true
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

// A seed is the state that a case begins with: a schedule, an endpoint that is known, results that wait.
type seed struct {
	pipelined bool
	files     map[string][]byte
	waiting   int
}

// newSeed makes one by runs.
func newSeed(t *testing.T, pipelined bool) *seed {
	t.Helper()
	runs := 6
	if !pipelined {
		runs = 1 // each result is a commit of its own then
	}
	s := &seed{pipelined: pipelined, waiting: runs * checksPerRun}
	synctest.Test(t, func(t *testing.T) {
		dir := fastDir(t)
		b := newBench(t, dir, endpointScript(pipelined))
		defer b.close()
		began := time.Now()
		if rep := b.run(t); rep.Delivery.Err != nil || rep.Delivery.Delivered != checksPerRun {
			t.Fatalf("%+v", rep)
		}
		for range runs {
			b.nextMinute()
			b.runWith(t, agent.Options{})
		}
		if n := len(waitingIn(t, b.Spool)); n != s.waiting {
			t.Fatalf("%d results wait, want %d", n, s.waiting)
		}
		if time.Since(began) > prepared/2 {
			t.Fatalf("preparing took %v", time.Since(began))
		}
		s.files = readState(t, dir)
	})
	return s
}

// plant gives a bench that begins with the seed.
func (s *seed) plant(t *testing.T, script transporttest.Script) *bench {
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
	time.Sleep(prepared)
	return newBench(t, dir, script)
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

// fastDir is a folder in memory where there is one: these cases are about the network, and each commit waits
// for the disk.
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
