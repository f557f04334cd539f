package run

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/internal/link"
	"virgo/collect"
	"virgo/schedule/policy"
	"virgo/schedule/yaml/full"
	"virgo/spool"
	"virgo/transport"
	"virgo/transport/transporttest"
)

// A bench is an agent with a spool on disk, a scriptable endpoint and a clock of its own.
type bench struct {
	*Agent
	t        *testing.T
	endpoint *transporttest.Endpoint
	clock    time.Time
	notices  []string
	ran      map[string]int // by check id
	during   func(check string)
	hook     func(point string) // of the spool
	stateDir string
}

// modern are the features of a present endpoint, earlier those of one that takes each result alone.
var (
	modern = append([]string{transport.FeaturePostMulti, transport.FeaturePostMultiLZ4}, earlier...)

	earlier = []string{transport.FeaturePipelining, transport.FeatureResultID, transport.FeatureScheduleHash}
)

func scheduleOf(ids ...string) json.RawMessage {
	var list []string
	for _, id := range ids {
		list = append(list, fmt.Sprintf(`{"id":%q,"type":"test.ok","period":60,"timeout":5}`, id))
	}
	return json.RawMessage("[" + strings.Join(list, ",") + "]")
}

// newBench has an endpoint on a loopback address.
func newBench(t *testing.T, script transporttest.Script) *bench {
	t.Helper()
	e, err := transporttest.Listen(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	b := newBenchOf(t, e)
	b.Endpoints = []string{e.Address()}
	return b
}

// newPipeBench has an endpoint behind a connection in memory, for fake time.
func newPipeBench(t *testing.T, script transporttest.Script) *bench {
	t.Helper()
	e, err := transporttest.New(script)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	b := newBenchOf(t, e)
	b.Endpoints = []string{"localhost:1"}
	b.DialContext = func(context.Context, string, string) (net.Conn, error) {
		near, far := transporttest.Link(0, 0)
		go e.ServeTLS(far)
		return near, nil
	}
	return b
}

// checkFunc is what a check type of the tests does.
type checkFunc = func(context.Context, collect.Request) (collect.Report, error)

func checkType(name string, fn checkFunc) collect.Type {
	return collect.Type{Name: name, Checker: collect.CheckerFunc(fn)}
}

func newRegistry(t *testing.T, types ...collect.Type) *collect.Registry {
	t.Helper()
	reg, err := collect.NewRegistry(types...)
	if err != nil {
		t.Fatal(err)
	}
	return reg
}

func newBenchOf(t *testing.T, e *transporttest.Endpoint) *bench {
	t.Helper()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b := &bench{t: t, endpoint: e, clock: start, ran: make(map[string]int)}
	now := func() time.Time { return b.clock }
	b.hook = func(string) {}
	b.stateDir = filepath.Join(t.TempDir(), "state")
	sp, err := spool.Open(b.stateDir, spool.Options{
		Now: now, Hook: func(point string) { b.hook(point) },
	})
	if err != nil {
		t.Fatal(err)
	}
	reg := newRegistry(t, checkType("test.ok", func(ctx context.Context, r collect.Request) (collect.Report, error) {
		if b.during != nil {
			b.during(r.Check.ID)
		}
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		b.ran[r.Check.ID]++
		return collect.Report{Sample: []byte(fmt.Sprint(b.ran[r.Check.ID]))}, nil
	}))
	b.Agent = &Agent{
		Config: link.Config{
			ID: "web-1", Name: "web-1", Version: "0",
			Policy: &policy.Policy{
				Checks: []policy.Rule{{Keyword: policy.All}}, Questions: policy.Questions(), HostInfo: []string{"all"},
			},
			Token:     func() (string, error) { return "T", nil },
			TLS:       transport.TLSConfig{Pins: []string{e.Pin()}},
			ChecksDir: filepath.Join(t.TempDir(), "checks.d"),
			ParseYAML: full.Parse,
			Spool:     sp, Registry: reg, Now: now,
			Random: func(int64) int64 { return 0 },
			Notice: func(format string, args ...any) {
				b.notices = append(b.notices, fmt.Sprintf(format, args...))
			},
			Verbose: t.Logf,
		},
		Concurrency: 1, ScheduleMaxAge: time.Hour,
	}
	return b
}

func (b *bench) run() Report {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rep, err := b.Run(ctx, Options{Deliver: true, KeepOutcomes: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return rep
}

// storedChecks are the check ids of what the endpoint has, in the order that it came; each must be
// there once.
func (b *bench) storedChecks() []string {
	b.t.Helper()
	var ids []string
	seen := make(map[string]bool)
	for _, s := range b.endpoint.Stored() {
		if s.ResultID == "" || seen[s.ResultID] {
			b.t.Errorf("result id %q is missing or there twice", s.ResultID)
		}
		seen[s.ResultID] = true
		var p struct {
			CheckID string `json:"check_id"`
		}
		if err := json.Unmarshal(s.Params, &p); err != nil {
			b.t.Fatal(err)
		}
		ids = append(ids, p.CheckID)
	}
	return ids
}

func (b *bench) waiting() uint64 {
	b.t.Helper()
	st, err := b.Spool.Stats(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	return st.Records
}

func TestOwnResultsGoFirstThenTheBacklogOldestFirst(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("now"), ScheduleHash: "1"})
	err := b.Spool.Update(context.Background(), func(tx *spool.Tx) error {
		for _, id := range []string{"old1", "old2", "old3"} {
			data := fmt.Appendf(nil, `{"check_id":%q}`, id)
			if _, err := tx.Append(spool.Entry{Agent: "web-1", Made: b.clock.Add(-time.Hour), Data: data}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rep := b.run()
	if got, want := b.storedChecks(), []string{"now", "old1", "old2", "old3"}; !slices.Equal(got, want) {
		t.Errorf("stored %v, want %v", got, want)
	}
	if rep.Delivery.Err != nil || rep.Delivery.Delivered != 4 || b.waiting() != 0 {
		t.Errorf("%+v, %d wait", rep.Delivery, b.waiting())
	}
}

// An ordinary run makes two commits: its claims with its results, and the settlement with all that is
// remembered.
func TestOrdinaryRunMakesTwoCommits(t *testing.T) {
	script := transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b"), ScheduleHash: "1"}
	want := []string{"append.before", "append.after", "settle.before", "settle.after"}
	synctest.Test(t, func(t *testing.T) { // the endpoint's clock and the host's are the same
		b := newPipeBench(t, script)
		defer b.endpoint.Close()
		b.clock = time.Now()
		b.run()
		for range 2 {
			time.Sleep(time.Minute)
			b.clock = time.Now()
			var points []string
			b.hook = func(point string) { points = append(points, point) }
			b.run()
			if !slices.Equal(points, want) {
				t.Errorf("the run came by %q, want %q", points, want)
			}
		}
	})
}

func TestSampleOfOneRunIsThePreviousOfTheNext(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a")})
	var previous []string
	b.Registry = newRegistry(t, checkType("test.ok", func(_ context.Context, r collect.Request) (collect.Report, error) {
		previous = append(previous, string(r.Previous))
		return collect.Report{Sample: fmt.Appendf(nil, "s%d", len(previous))}, nil
	}))
	for range 3 {
		b.run()
		b.clock = b.clock.Add(time.Minute)
	}
	if want := []string{"", "s1", "s2"}; !slices.Equal(previous, want) {
		t.Errorf("previous samples %q, want %q", previous, want)
	}
}

func TestChangedScheduleIsFetchedInTheSameSession(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a"), ScheduleHash: "1"})
	b.run()
	b.clock = b.clock.Add(time.Minute)
	b.endpoint.Set(transporttest.Script{Features: modern, Schedule: scheduleOf("a", "b"), ScheduleHash: "2"})
	b.run() // the answer to hello says that the hash changed
	st, err := b.State(context.Background())
	if err != nil || len(st.Cached.Schedule.Checks) != 2 || st.Cached.Hash != "2" {
		t.Fatalf("after schedule_changed: %+v, %v", st.Cached, err)
	}
	b.clock = b.clock.Add(time.Minute)
	// An endpoint without the feature says it with a request.
	b.endpoint.Set(transporttest.Script{Schedule: scheduleOf("c"), Requests: []transporttest.Request{
		{Method: "check_schedule.changed"}, {Method: "system.info"}, {Method: "no.such_method"},
	}})
	b.run()
	st, err = b.State(context.Background())
	if err != nil || len(st.Cached.Schedule.Checks) != 1 || st.Cached.Schedule.Checks[0].ID != "c" {
		t.Fatalf("after check_schedule.changed: %+v, %v", st.Cached, err)
	}
	answers := b.endpoint.Answers()
	if len(answers) != 3 {
		t.Fatalf("%d answers", len(answers))
	}
	var info link.SystemInfo
	err = json.Unmarshal(answers[1].Result, &info)
	if err != nil || info.Sysinfo.Name == "" || info.Sysinfo.MemoryBytes == 0 {
		t.Errorf("system.info: %s, %v", answers[1].Result, err)
	}
	if answers[2].Error == nil || answers[2].Error.Code != transport.CodeNotFound {
		t.Errorf("an unknown method was answered with %+v", answers[2])
	}
}

func TestUnchangedScheduleIsNotFetchedAgain(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: scheduleOf("a"), ScheduleHash: "1"})
	b.run()
	b.clock = b.clock.Add(2 * time.Hour)
	b.run()
	if n := strings.Count(strings.Join(b.endpoint.Methods(), " "), "check_schedule.get"); n != 1 {
		t.Errorf("the schedule was asked for %d times", n)
	}
	st, err := b.State(context.Background())
	if err != nil || !st.Cached.Fetched.Equal(b.clock) {
		t.Errorf("fetched %v, %v", st.Cached.Fetched, err)
	}
}

func TestUnreachableEndpointLeavesTheCachedSchedule(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a")})
	b.run()
	b.clock = b.clock.Add(90 * 24 * time.Hour)
	b.endpoint.Set(transporttest.Script{Refuse: true})
	rep := b.run()
	if b.ran["a"] != 2 || rep.Kept != 1 || b.waiting() != 1 {
		t.Errorf("ran %d times, kept %d", b.ran["a"], rep.Kept)
	}
}

func TestResultsAreDeliveredFromMemoryWhereTheDiskFails(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a", "b")})
	b.run()
	path := b.Spool.Path()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil { // what can be neither read nor written, for root too
		t.Fatal(err)
	}
	writeCheck(t, b.ChecksDir, "c")
	b.clock = b.clock.Add(time.Minute)
	rep := b.run()
	// Three, because when a and b last ran is not known any more.
	if rep.KeepErr == nil || rep.Lost != 0 || rep.Delivery.Err != nil || rep.Delivery.Delivered != 3 {
		t.Errorf("%+v", rep)
	}
	if got := b.storedChecks(); !slices.Contains(got, "c") {
		t.Errorf("stored %v", got)
	}
	b.endpoint.Set(transporttest.Script{Refuse: true})
	if rep := b.run(); rep.Lost != 1 || rep.KeepErr == nil {
		t.Errorf("neither persisted nor delivered, and reported as %+v", rep)
	}
	// Once the disk can be written, the endpoint hears of it, once.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	b.endpoint.Set(transporttest.Script{Schedule: scheduleOf("a", "b")})
	for range 3 {
		b.clock = b.clock.Add(time.Minute)
		b.run()
	}
	if all := b.losses(); len(all) != 1 ||
		!strings.HasPrefix(all[0].Status, "1 result lost: 1 could not be stored, made between ") {
		t.Errorf("reported %+v", all)
	}
	if n := b.unreported(); n != 0 {
		t.Errorf("%d are not reported yet", n)
	}
}

func writeCheck(t *testing.T, dir, id string) {
	t.Helper()
	writeCheckOf(t, dir, id, "test.ok")
}

func writeCheckOf(t *testing.T, dir, id, checkType string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := "id: " + id + "\ntype: " + checkType + "\nperiod: 60\n"
	if err := os.WriteFile(filepath.Join(dir, id+".yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestInterruptReleasesUnfinishedChecks(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a", "b", "c")})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	b.during = func(check string) {
		if check == "b" {
			cancel()
		}
	}
	rep, err := b.Run(ctx, Options{Deliver: true})
	if err != nil || rep.Kept != 1 || b.ran["a"] != 1 || b.ran["b"] != 0 {
		t.Fatalf("%+v, %v, ran %v", rep, err, b.ran)
	}
	b.during = nil
	b.run()
	if b.ran["a"] != 1 || b.ran["b"] != 1 || b.ran["c"] != 1 {
		t.Errorf("after the interrupt: ran %v", b.ran)
	}
	if got := b.storedChecks(); len(got) != 3 {
		t.Errorf("stored %v", got)
	}
	if len(b.notices) != 0 {
		t.Errorf("an interrupt is no failing delivery: %q", b.notices)
	}
}

func TestClockJumpsToAndFrom1970(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a"), ClockOffset: 0})
	real := b.clock
	b.clock = time.Unix(5, 0)
	b.run()
	b.clock = real
	b.run()
	b.clock = time.Unix(100, 0)
	b.run()
	if b.ran["a"] != 3 || len(b.storedChecks()) != 3 || b.waiting() != 0 {
		t.Errorf("ran %d times, stored %v", b.ran["a"], b.storedChecks())
	}
}

func TestOnlyOneRunDelivers(t *testing.T) {
	b := newBench(t, transporttest.Script{Schedule: scheduleOf("a")})
	b.run()
	release, ok, err := b.Spool.TryDeliver()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	b.clock = b.clock.Add(time.Minute)
	if rep := b.run(); !rep.Delivery.Busy || rep.Kept != 1 {
		t.Errorf("%+v", rep)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if rep, err := b.Flush(context.Background()); err != nil || rep.Delivered != 1 {
		t.Errorf("%+v, %v", rep, err)
	}
}

func TestLongErrorIsTruncatedInTheState(t *testing.T) {
	const most = 1 << 10
	b := newBench(t, transporttest.Script{
		HelloError: &transport.Error{Code: 401, Message: strings.Repeat("x", 100_000)},
	})
	b.run()
	st, err := b.State(context.Background())
	if err != nil || len(st.Error) > most || st.FailingSinceMS == 0 {
		t.Errorf("an error of %d bytes is stored, %v", len(st.Error), err)
	}
}
