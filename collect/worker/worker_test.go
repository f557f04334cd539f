package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/collect/collecttest"
	"virgo/schedule"
)

// TestMain makes the test binary the worker program as well.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == Argument {
		os.Exit(work())
	}
	os.Exit(m.Run())
}

// mode is the environment variable that says what the worker of a test does wrong.
const mode = "WORKER_TEST_MODE"

func work() int {
	does := os.Getenv(mode)
	if does != "" {
		// Not before the agent has greeted: it would find that the process could not be started.
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return 3
		}
	}
	switch does {
	case "crash":
		fmt.Fprintln(os.Stderr, "fatal error: out of memory\n\ngoroutine 1 [running]:")
		return 2
	case "dies at loading":
		fmt.Println(`{"protocol":3,"version":"1"}`)
		WriteFailure(os.Stderr, "memory", "broke the limit of memory")
		return 2
	case "silent":
		io.Copy(io.Discard, os.Stdin)
		return 0
	case "garbage":
		fmt.Println("not JSON")
		return 0
	case "older":
		fmt.Println(`{"protocol":1,"version":"0.0.9"}`)
		return 0
	case "other protocol":
		fmt.Println(`{"protocol":0,"version":"1"}`)
		return 0
	case "newer": // it also says why it ends
		fmt.Println(`{"protocol":3,"version":"2"}`)
		fmt.Fprintln(os.Stderr, "virgo: error: the agent is another")
		return 1
	case "endless":
		for line := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := os.Stdout.Write(line); err != nil {
				return 0
			}
		}
	}
	var settings Settings
	err := Server{Version: "1", Open: func(s Settings) (*collect.Registry, error) {
		if settings = s; s.Proxy == "impossible" {
			return nil, errors.New("nothing runs here")
		}
		return testChecks(s)
	}, HostInfo: func(ctx context.Context, name string) (any, error) {
		if name == "bundle" {
			return readBundle(settings.Scripts)
		}
		return testInfo(ctx, name)
	}}.Serve(context.Background(), os.Stdin, os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "virgo: error:", err)
		return 1
	}
	return 0
}

func testChecks(s Settings) (*collect.Registry, error) {
	check := func(name string, f collect.CheckerFunc) collect.Type {
		return collect.Type{Name: name, Summary: "of the test", Checker: f}
	}
	return collect.NewRegistry(append(killers(),
		check("t.echo", func(_ context.Context, req collect.Request) (collect.Report, error) {
			text, _ := req.Check.Details.Text("text")
			return collect.Report{
				Status: s.Proxy, Time: time.UnixMilli(1_700_000_000_123), Sample: append([]byte("after "), req.Previous...),
				Metrics: []collect.Metric{{Dimension: "d", Name: "text", Type: collect.String, Value: text, Unit: "u"}},
			}, nil
		}),
		check("t.unavailable", func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{Unavailable: true, Status: "not in order"}, nil
		}),
		check("t.fails", func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{Sample: []byte("kept")}, errors.New("it is broken")
		}),
		check("t.broken", func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{}, &collect.FailedError{Kind: "load", Text: "a.lua:1: syntax error"}
		}),
		collect.Type{Name: "t.lists", Summary: "of the test", Checker: lister{targets: []string{"a", "b"}}},
		collect.Type{Name: "t.lost", Summary: "of the test", Checker: lister{err: errors.New("they are not to be found")}},
		check("t.panics", func(context.Context, collect.Request) (collect.Report, error) { panic("a mistake") }),
		check("t.waits", func(ctx context.Context, _ collect.Request) (collect.Report, error) {
			<-ctx.Done()
			return collect.Report{}, ctx.Err()
		}),
		check("t.deaf", func(context.Context, collect.Request) (collect.Report, error) { select {} }),
		check("t.exits", func(context.Context, collect.Request) (collect.Report, error) { os.Exit(7); panic("") }),
		check("t.hangs", func(context.Context, collect.Request) (collect.Report, error) {
			WriteFailure(os.Stderr, "compute", "a.lua: computed: for more than 3s")
			os.Exit(1)
			panic("")
		}),
		check("t.large", func(context.Context, collect.Request) (collect.Report, error) {
			return collect.Report{Status: strings.Repeat("x", MaxLineBytes)}, nil
		}),
	)...)
}

// A lister has targets.
type lister struct {
	targets []string
	err     error
}

func (l lister) Check(context.Context, collect.Request) (collect.Report, error) {
	return collect.Report{}, nil
}
func (l lister) Targets(context.Context) ([]string, error) { return l.targets, l.err }

func testInfo(_ context.Context, name string) (any, error) {
	switch name {
	case "exits":
		os.Exit(7)
	case "starts a program":
		return startProgram()
	case "unknown":
		return nil, errors.New("unknown host information type")
	}
	return map[string]string{"asked": name}, nil
}

func program(t testing.TB, does string) *Program {
	t.Helper()
	p := &Program{
		Path:     os.Executable,
		Environ:  func() []string { return append(os.Environ(), mode+"="+does, "GORACE=atexit_sleep_ms=0") },
		Settings: func() (Settings, error) { return Settings{Proxy: "http://proxy"}, nil },
		Version:  "1",
	}
	t.Cleanup(p.Close)
	return p
}

func requestFor(typ string, details schedule.Details) collect.Request {
	return collect.Request{Check: schedule.Check{ID: "id", Type: typ, Details: details, Period: time.Minute, Timeout: time.Minute}, Now: time.Now}
}

func TestReportsAndErrorsComeBack(t *testing.T) {
	p := program(t, "")
	req := requestFor("t.echo", schedule.Details{"text": "a\n\"b\""})
	req.Previous = []byte{0, 1, 255}
	got, err := checker{p}.Check(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	want := collect.Report{
		Status: "http://proxy", Time: time.UnixMilli(1_700_000_000_123), Sample: []byte("after \x00\x01\xff"),
		Metrics: []collect.Metric{{Dimension: "d", Name: "text", Type: collect.String, Value: "a\n\"b\"", Unit: "u"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if got, err := (checker{p}).Check(t.Context(), requestFor("t.unavailable", nil)); err != nil || !got.Unavailable || got.Status != "not in order" {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := (checker{p}).Check(t.Context(), requestFor("t.fails", nil)); err == nil || err.Error() != "it is broken" || string(got.Sample) != "kept" {
		t.Errorf("%+v, %v", got, err)
	}
	for typ, want := range map[string]string{
		"t.panics": "check panicked: a mistake", "t.none": `unknown check type "t.none"`, "t.large": "the answer has more than",
	} {
		if _, err := (checker{p}).Check(t.Context(), requestFor(typ, nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", typ, err)
		}
	}
	if info, err := p.HostInfo(t.Context(), "cpu"); err != nil || string(info) != `{"asked":"cpu"}` {
		t.Errorf("%s, %v", info, err)
	}
	if _, err := p.HostInfo(t.Context(), "unknown"); err == nil || err.Error() != "unknown host information type" {
		t.Error(err)
	}
}

func TestChecksRunAtTheSameTimeAndTimeOut(t *testing.T) {
	p := program(t, "")
	registry, err := collect.NewRegistry(
		collect.Type{Name: "t.waits", Checker: checker{p}}, collect.Type{Name: "t.deaf", Checker: checker{p}}, collect.Type{Name: "t.echo", Checker: checker{p}})
	if err != nil {
		t.Fatal(err)
	}
	var jobs []collect.Job
	for i := range 50 {
		typ := [...]string{"t.waits", "t.deaf"}[i%2]
		jobs = append(jobs, collect.Job{Check: schedule.Check{ID: fmt.Sprint(i), Type: typ, Period: time.Minute, Timeout: time.Second}})
	}
	jobs = append(jobs, collect.Job{Check: schedule.Check{ID: "last", Type: "t.echo", Period: time.Minute, Timeout: time.Minute}})
	runner := collect.Runner{Registry: registry, Concurrency: len(jobs)}
	runner.Run(t.Context(), jobs, func(i int, o collect.Outcome) {
		if i == len(jobs)-1 {
			if o.Result.State != collect.Available {
				t.Errorf("%+v", o.Result)
			}
		} else if o.Result.Status != "check timed out after 1s" {
			t.Errorf("%s: %q", o.Result.CheckID, o.Result.Status)
		}
	})
}

func TestProgramIsStartedAgain(t *testing.T) {
	p := program(t, "")
	if _, err := (checker{p}).Check(t.Context(), requestFor("t.exits", nil)); err == nil || err.Error() != "the worker process died while it ran this check: exit status 7" {
		t.Errorf("%v", err)
	}
	for range 2 {
		if _, err := (checker{p}).Check(t.Context(), requestFor("t.echo", nil)); err != nil {
			t.Errorf("after its end: %v", err)
		}
		p.Close()
	}
}

// Whatever the program does wrong, the status of its checks says it.
func TestWrongPrograms(t *testing.T) {
	for does, want := range map[string]string{
		"crash":          "the worker process ended: fatal error: out of memory",
		"garbage":        "the worker process does not answer: not a line of the worker protocol",
		"older":          `the worker process is virgo "0.0.9" and this one is "1": an upgrade is under way, or half done`,
		"newer":          `the worker process is virgo "2" and this one is "1": an upgrade is under way, or half done`,
		"other protocol": `the worker process is virgo "1" and this one is "1"`,
		"endless":        "the worker process does not answer: line too long",
	} {
		t.Run(does, func(t *testing.T) {
			_, err := checker{program(t, does)}.Check(t.Context(), requestFor("t.echo", nil))
			var start *StartError
			if err == nil || !strings.HasPrefix(err.Error(), want) || errors.As(err, &start) {
				t.Errorf("%v, want %q", err, want)
			}
		})
	}
	t.Run("silent", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := (checker{program(t, "silent")}).Check(ctx, requestFor("t.echo", nil)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
	t.Run("missing", func(t *testing.T) {
		p := &Program{Path: func() (string, error) { return "", errors.New("virgo is not there") }}
		_, err := checker{p}.Check(t.Context(), requestFor("t.echo", nil))
		var start *StartError
		if !errors.As(err, &start) || err.Error() != "virgo is not there" {
			t.Errorf("%v", err)
		}
	})
}

// Searching the catalog's text finds the names that decoding it does.
func TestTellsHostInfo(t *testing.T) {
	offered := LoadCatalog()
	if len(offered.HostInfo) == 0 {
		t.Fatal("the catalog has no host information")
	}
	for _, info := range offered.HostInfo {
		if !HasHostInfo(info.Name) {
			t.Errorf("%q is not found", info.Name)
		}
	}
	for _, name := range []string{"", "agent.redis", "proc", "procs\"", ".*"} {
		if HasHostInfo(name) {
			t.Errorf("%q is found", name)
		}
	}
}

func TestConform(t *testing.T) {
	collecttest.Conform(t, collecttest.Subject{
		Type:    collect.Type{Name: "t.echo", Summary: "of the test", Checker: echo{checker{program(t, "")}}},
		Metrics: map[string]collecttest.Metric{"text": {Type: collect.String, Unit: "u"}},
	})
}

// echo drops what t.echo reports beside its metrics.
type echo struct{ checker }

func (e echo) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	r, err := e.checker.Check(ctx, req)
	r.Status, r.Sample, r.Time = "", nil, time.Time{}
	return r, err
}

// The server ends when its input does, with all requests that it has not answered.
func TestServeEndsWithItsInput(t *testing.T) {
	in, agent := io.Pipe()
	var out bytes.Buffer
	done := make(chan error, 1)
	go func() { done <- Server{Open: testChecks, HostInfo: testInfo}.Serve(t.Context(), in, &out) }()
	for _, line := range []any{
		greeting{Protocol: protocolVersion, Settings: &Settings{}},
		request{ID: 1, Check: json.RawMessage(`{"id":"a","type":"t.waits"}`), Timeout: 3_600_000},
		request{ID: 2, Check: json.RawMessage(`{"id":"a","type":"t.waits"}`), Timeout: 3_600_000},
		request{ID: 2, Cancel: true},
		request{ID: 9, Cancel: true},
		request{ID: 3},
	} {
		if err := writeLine(agent, line); err != nil {
			t.Fatal(err)
		}
	}
	agent.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
	for _, want := range []string{`"id":1`, `"id":2`, `"ended":true`, `{"id":3,"error":"not a check`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s is not in %s", want, out.String())
		}
	}
}

// A worker of another build runs no check of this agent.
func TestServeRefusesAnotherBuild(t *testing.T) {
	for _, hello := range []greeting{
		{Protocol: protocolVersion, Version: "0", Settings: &Settings{}},
		{Protocol: protocolVersion + 1, Version: "1", Settings: &Settings{}},
		{Protocol: protocolVersion, Version: "1"},
	} {
		var in, out bytes.Buffer
		for _, line := range []any{hello, request{ID: 1, HostInfo: "cpu"}} {
			if err := writeLine(&in, line); err != nil {
				t.Fatal(err)
			}
		}
		err := Server{Version: "1", Open: testChecks, HostInfo: testInfo}.Serve(t.Context(), &in, &out)
		if err == nil || !strings.HasPrefix(err.Error(), "the agent is virgo ") {
			t.Errorf("%+v: %v", hello, err)
		}
		if got := out.String(); got != `{"protocol":3,"version":"1"}`+"\n" {
			t.Errorf("%+v: it wrote %s", hello, got)
		}
	}
}

// The server ends with its context as well, also where no line comes: after Ctrl-C by a person who
// started it.
func TestServeEndsWithItsContext(t *testing.T) {
	for _, lines := range []string{"", `{"protocol":3,"settings":{}}` + "\n" + `{"id":1,"check":{"id":"a","type":"t.waits"}}` + "\n"} {
		in, agent := io.Pipe()
		defer agent.Close()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- Server{Open: testChecks, HostInfo: testInfo}.Serve(ctx, in, io.Discard) }()
		if _, err := io.WriteString(agent, lines); err != nil {
			t.Fatal(err)
		}
		cancel()
		select {
		case err := <-done:
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%q: %v", lines, err)
			}
		case <-time.After(time.Minute):
			t.Errorf("%q: it does not end", lines)
		}
	}
}

func FuzzServe(f *testing.F) {
	hello := `{"protocol":3,"settings":{}}` + "\n"
	f.Add([]byte(hello + `{"id":1,"check":{"id":"a","type":"t.echo","details":{"text":"x"}},"timeout_ms":5}` + "\n"))
	f.Add([]byte(hello + `{"id":1,"host_info":"cpu"}` + "\n" + `{"id":1,"cancel":true}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if killer := regexp.MustCompile(`t\.(deaf|exits|large|killed|fatal|breaks|bystander)|exits`); killer.Match(data) {
			return // they need a process of their own
		}
		var out bytes.Buffer
		_ = Server{Open: testChecks, HostInfo: testInfo}.Serve(t.Context(), bytes.NewReader(data), &out)
		for line := range bytes.Lines(out.Bytes()) {
			if !json.Valid(line) {
				t.Fatalf("not JSON: %q", line)
			}
		}
	})
}

func TestTypesAreTheCatalogsChecks(t *testing.T) {
	types := (&Program{}).Types()
	want := LoadCatalog().Checks
	if len(want) == 0 || len(types) != len(want) {
		t.Fatalf("%d types, %d in the catalog", len(types), len(want))
	}
	for i, w := range want {
		got := CheckType{types[i].Name, types[i].Summary, types[i].Details, types[i].KeyMetrics}
		if !reflect.DeepEqual(got, w) {
			t.Errorf("got  %+v\nwant %+v", got, w)
		}
	}
}

// A line is bounded on both sides alike, so that none is written that would not be read.
func TestLineBound(t *testing.T) {
	fits := request{HostInfo: strings.Repeat("x", MaxLineBytes-len(`{"id":0,"host_info":""}`)-1)}
	line, err := encodeLine(fits)
	if err != nil || len(line) != MaxLineBytes {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
	var got request
	if err := readLine(bufio.NewReader(bytes.NewReader(line)), &got); err != nil || !reflect.DeepEqual(got, fits) {
		t.Errorf("the longest line is not read: %v", err)
	}
	fits.HostInfo += "x"
	if _, err := encodeLine(fits); !errors.Is(err, errLongLine) {
		t.Errorf("a longer line is written: %v", err)
	}
	longer := append([]byte(" "), line...)
	if err := readLine(bufio.NewReader(bytes.NewReader(longer)), &got); !errors.Is(err, errLongLine) {
		t.Errorf("a longer line is read: %v", err)
	}
}
