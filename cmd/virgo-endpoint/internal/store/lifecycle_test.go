package store

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
	"virgo/transport/receipt"
)

// firstDay is when the tests of the life of segments begin.
var firstDay = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// A set of hosts sends results to a store, and knows what was acknowledged.
type hosts struct {
	t      testing.TB
	path   string
	s      *Store
	now    time.Time
	access map[string]intake.Access
	order  map[string]uint64
	acked  map[string]bool      // ids of results
	made   map[string]time.Time // of those in results
}

// hostsStart is the start in the ids of all agents of hosts.
const hostsStart = 0x1234

func newHosts(t testing.TB, agents ...string) *hosts {
	t.Helper()
	return hostsAt(t, newPath(t), agents...)
}

func hostsAt(t testing.TB, path string, agents ...string) *hosts {
	t.Helper()
	f := &hosts{t: t, path: path, now: firstDay, access: map[string]intake.Access{}, order: map[string]uint64{}, acked: map[string]bool{},
		made: map[string]time.Time{}}
	f.s = openAt(t, path)
	for i, agent := range agents {
		key := intaketest.Key(byte(100 + i))
		if _, err := f.s.AddKey(t.Context(), agent, key, f.now); err != nil {
			t.Fatal(err)
		}
		a, err := f.s.Admit(t.Context(), intake.Claim{AgentID: agent, Key: key, Proven: true, Session: 1, Now: f.now})
		if err != nil {
			t.Fatal(err)
		}
		f.access[agent] = a.Access
	}
	return f
}

func (f *hosts) agents() []string { return slices.Sorted(maps.Keys(f.access)) }

// results makes an agent's next n results.
func (f *hosts) results(agent string, n int) (list []intake.Result) {
	for range n {
		f.order[agent]++
		r := f.result(agent, f.order[agent], f.now)
		f.made[r.ResultID] = f.now
		list = append(list, r)
	}
	return list
}

func (f *hosts) result(agent string, order uint64, made time.Time) intake.Result {
	return intake.Result{ResultID: receipt.ID(agent, hostsStart, order), CheckID: fmt.Sprint("c", order%7), CheckType: "agent.memory",
		State: "available", Status: "fine", Time: made, Order: &order, Params: fmt.Appendf(nil, `{"n":%d}`, order)}
}

// send appends results of an agent, and remembers those that were acknowledged.
func (f *hosts) send(agent string, list []intake.Result) (int, error) {
	out, err := f.s.Append(f.t.Context(), []intake.Arrival{{AgentID: agent, Access: f.access[agent], Received: f.now,
		Hello: &intake.Hello{Name: agent, Session: 1}, Results: list}})
	if err != nil {
		return 0, err
	}
	if out[0].Err != nil {
		f.t.Fatal(out[0].Err)
	}
	for _, r := range list {
		f.acked[r.ResultID] = true
	}
	return out[0].Stored, nil
}

// put sends new results of all agents.
func (f *hosts) put(n int) {
	f.t.Helper()
	for _, agent := range f.agents() {
		if stored, err := f.send(agent, f.results(agent, n)); err != nil || stored != n {
			f.t.Fatalf("%d of %d results of %q stored, %v", stored, n, agent, err)
		}
	}
}

// reopen opens the store like a process that starts after another one died.
func (f *hosts) reopen() {
	f.t.Helper()
	if err := f.s.Close(); err != nil {
		f.t.Fatal(err)
	}
	f.s = openAt(f.t, f.path)
}

// upkeep is a round of maintenance at now. Its log is discarded.
func (f *hosts) upkeep() error {
	f.t.Helper()
	unlock, err := f.s.becomeMaintainer()
	if err != nil {
		f.t.Fatal(err)
	}
	defer unlock()
	m := f.maintenance()
	return f.s.upkeep(f.t.Context(), &m, &state{})
}

func (f *hosts) maintenance() Maintenance {
	return Maintenance{Log: logTo(io.Discard), Now: func() time.Time { return f.now }}
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// day lets a day pass, with a round of maintenance at its end.
func (f *hosts) day() {
	f.t.Helper()
	f.now = f.now.Add(retention.Day)
	if err := f.upkeep(); err != nil {
		f.t.Fatal(err)
	}
}

// ids are those of the stored results.
func (f *hosts) ids() []string {
	f.t.Helper()
	var ids []string
	for _, r := range intaketest.Results(f.t, f.s, intake.Filter{}) {
		ids = append(ids, r.ResultID)
	}
	return ids
}

// wantExactly fails if anything else than the given results is stored, or something twice.
func (f *hosts) wantExactly(want map[string]bool) {
	f.t.Helper()
	got := f.ids()
	seen := map[string]bool{}
	for _, id := range got {
		if seen[id] {
			f.t.Errorf("%s is stored twice", id)
		}
		if !want[id] {
			f.t.Errorf("%s is stored, and should not be", id)
		}
		seen[id] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(want), strings.Compare) {
		if !seen[id] {
			f.t.Errorf("%s is lost", id)
			break
		}
	}
}

// wantCounts fails if the agents' numbers of results are not those that are stored.
func (f *hosts) wantCounts() {
	f.t.Helper()
	want := map[string]int64{}
	for _, r := range intaketest.Results(f.t, f.s, intake.Filter{}) {
		want[r.AgentID]++
	}
	list, err := f.s.Agents(f.t.Context(), "")
	if err != nil {
		f.t.Fatal(err)
	}
	for _, a := range list {
		if a.Results != want[a.ID] {
			f.t.Errorf("agent %q has %d results, want %d", a.ID, a.Results, want[a.ID])
		}
	}
}

// wantSound fails if check finds anything.
func (f *hosts) wantSound() {
	f.t.Helper()
	err := f.s.Check(f.t.Context(), func(x Finding) {
		if x.Err != nil {
			f.t.Errorf("%s: %v", x.File, x.Err)
		}
	})
	if err != nil {
		f.t.Error(err)
	}
}

func (f *hosts) states() string {
	f.t.Helper()
	c, err := f.s.catalogue(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	var list []string
	for _, e := range c.entries {
		list = append(list, fmt.Sprintf("%d %v", e.number, e.state))
	}
	return strings.Join(list, ", ")
}

// resend sends every acknowledged result again; none may be stored.
func (f *hosts) resend() {
	f.t.Helper()
	for _, agent := range f.agents() {
		var list []intake.Result
		for n := range f.order[agent] {
			id := receipt.ID(agent, hostsStart, n+1)
			if made, ok := f.made[id]; ok && f.acked[id] {
				list = append(list, f.result(agent, n+1, made))
			}
		}
		if stored, err := f.send(agent, list); err != nil || stored != 0 {
			f.t.Errorf("%d of %d copies were stored, %v", stored, len(list), err)
		}
	}
}

func TestSegmentsOfDays(t *testing.T) {
	f := newHosts(t, "web1", "web2")
	for range 3 {
		f.put(5)
		f.day()
	}
	f.put(5)
	if got, want := f.states(), "1 sealed, 2 sealed, 3 sealed, 4 open"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	f.wantExactly(f.acked)
	f.wantCounts()
	f.resend()
	f.wantSound()
	for _, n := range []int64{1, 2, 3} {
		info, err := os.Stat(f.s.segmentPath(n))
		if err != nil || info.Mode().Perm()&0o222 != 0 {
			t.Errorf("segment %d: %v, %v", n, info.Mode(), err)
		}
		if _, err := os.Stat(f.s.segmentPath(n) + "-wal"); err == nil {
			t.Errorf("segment %d has a log", n)
		}
	}
	f.reopen()
	f.wantExactly(f.acked)
	f.wantCounts()
	f.resend()
}

// A large fleet gets a segment for each hour, and whatever the fleet, one segment has a part of the bound.
func TestSegmentsOfHours(t *testing.T) {
	c := &catalogue{}
	e := &entry{begunAge: firstDay.UnixMilli()}
	for _, test := range []struct {
		after    time.Duration
		bytes    int64
		maxBytes int64
		want     bool
	}{
		{time.Hour, hourBytes - 1, 0, false},
		{time.Hour, hourBytes, 0, true},
		{time.Minute, hourBytes, 0, false},
		{15 * time.Hour, 0, 0, true},
		{14 * time.Hour, 0, 0, false},
		{time.Minute, minSegmentBytes, 16 << 20, false},
		{time.Minute, minSegmentBytes + 1, 16 << 20, true},
		{time.Minute, 2 << 30, 16 << 30, true},
		{time.Minute, 1 << 20, 16 << 30, false},
	} {
		c.policy.MaxBytes = test.maxBytes
		if got := c.wantsRollOver(e, test.bytes, firstDay.Add(test.after)); got != test.want {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

func TestRetention(t *testing.T) {
	f := newHosts(t, "web1", "web2")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 3 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	byDay := map[int]map[string]bool{}
	for day := range 10 {
		before := maps.Clone(f.acked)
		f.put(3)
		byDay[day] = map[string]bool{}
		for id := range f.acked {
			if !before[id] {
				byDay[day][id] = true
			}
		}
		f.day()
	}
	// It is day 10; day 6 ended less than three days before its segment was sealed.
	want := map[string]bool{}
	for day := 7; day < 10; day++ {
		maps.Copy(want, byDay[day])
	}
	got := len(f.ids()) / 6
	if got != 3 && got != 4 {
		t.Fatalf("results of %d days are stored: %s", got, f.states())
	}
	if got == 4 {
		maps.Copy(want, byDay[6])
	}
	f.wantExactly(want)
	f.wantCounts()
	f.wantSound()
	if list, _ := filepath.Glob(filepath.Join(f.s.segmentsDir(), "*"+deletedSuffix)); len(list) != 0 {
		t.Errorf("left: %q", list)
	}
	// A copy of a deleted result is acknowledged and not stored. One of the agent that it still has is stored.
	if stored, err := f.send("web1", []intake.Result{f.result("web1", 1, firstDay)}); err != nil || stored != 0 {
		t.Errorf("%d, %v: a result of before the floor was stored", stored, err)
	}
	if c, err := f.s.catalogue(t.Context()); err != nil || c.thrownAway != 1 {
		t.Errorf("thrown away: %d, %v", c.thrownAway, err)
	}
	f.wantExactly(want)
	f.order["web1"]++
	late := f.result("web1", f.order["web1"], firstDay)
	if stored, err := f.send("web1", []intake.Result{late}); err != nil || stored != 1 {
		t.Errorf("%d, %v: a new result whose time is before the floor is stored", stored, err)
	}
}

func TestRetentionByBytes(t *testing.T) {
	f := newHosts(t, "web1")
	for range 6 {
		list := f.results("web1", 20)
		for i := range list {
			noise := make([]byte, 50_000)
			rand.Read(noise)
			list[i].Params = fmt.Appendf(nil, `{"x":"%x"}`, noise)
		}
		if n, err := f.send("web1", list); n != 20 || err != nil {
			t.Fatal(n, err)
		}
		f.day()
	}
	used, err := f.s.usedBytes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	size := fileBytes(f.s.segmentPath(1))
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 0, MaxBytes: used - size - size/2, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	if err := f.upkeep(); err != nil {
		t.Fatal(err)
	}
	if got := f.states(); !strings.HasPrefix(got, "3 sealed") {
		t.Errorf("two segments had to go: %s", got)
	}
	f.wantCounts()
}

func TestBoundIsComputedOnce(t *testing.T) {
	s := newStore(t)
	space := retention.Space{Free: 100 << 30, Total: 200 << 30}
	s.freeSpace = func() (retention.Space, error) { return space, nil }
	first, floor, err := s.SetBounds(t.Context(), Bounds{Keep: retention.Day})
	if err != nil || first < 79<<30 || first > 81<<30 || floor < 2<<30-1024 || floor > 2<<30 {
		t.Fatalf("%d, %d, %v", first, floor, err)
	}
	space.Free = 10 << 30
	for _, test := range []struct{ set, want int64 }{{0, first}, {1 << 30, 1 << 30}, {0, 1 << 30}, {-1, -1}, {0, -1}} {
		got, _, err := s.SetBounds(t.Context(), Bounds{MaxBytes: test.set})
		if err != nil || got != test.want {
			t.Errorf("--max-bytes %d: %d, %v; want %d", test.set, got, err, test.want)
		}
	}
	s.freeSpace = func() (retention.Space, error) { return space, errors.ErrUnsupported }
	if got, floor, err := s.SetBounds(t.Context(), Bounds{}); err != nil || got != -1 || floor != 0 {
		t.Errorf("%d, %d, %v", got, floor, err)
	}
}

// Bounds that are saved already are not written again; others are.
func TestBoundsAreWrittenOnce(t *testing.T) {
	s := newStore(t)
	conn, err := s.read.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	version := func() (n int64) { // of the file, as SQLite counts the commits of others
		t.Helper()
		if err := conn.QueryRowContext(t.Context(), "PRAGMA data_version").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	floor := func(n int64) *retention.Limit { return &retention.Limit{Bytes: n} }
	for i, test := range []struct {
		set     Bounds
		written bool
	}{
		{Bounds{Keep: retention.Day, MinFree: floor(1)}, true},
		{Bounds{Keep: retention.Day, MinFree: floor(1)}, false},
		{Bounds{Keep: 2 * retention.Day, MinFree: floor(1)}, true},
		{Bounds{Keep: 2 * retention.Day, MaxBytes: 1 << 30, MinFree: floor(1)}, true},
		{Bounds{Keep: 2 * retention.Day, MinFree: floor(1)}, false},
		{Bounds{MinFree: floor(0)}, true},
		{Bounds{MinFree: floor(0)}, false},
	} {
		before := version()
		if _, _, err := s.SetBounds(t.Context(), test.set); err != nil {
			t.Fatal(err)
		}
		if written := version() != before; written != test.written {
			t.Errorf("%d: written: %v", i, written)
		}
		c, err := s.catalogue(t.Context())
		if err != nil || c.policy.Keep != test.set.Keep || c.minFree != test.set.MinFree.Bytes {
			t.Errorf("%d: kept for %v, floor %d, %v", i, c.policy.Keep, c.minFree, err)
		}
	}
}

// Below the floor nothing is stored, and nothing is deleted; above it everything goes on.
func TestFloorOfFreeSpace(t *testing.T) {
	f := newHosts(t, "web1")
	free := int64(1 << 30)
	f.s.freeSpace = func() (retention.Space, error) { return retention.Space{Free: free, Total: 10 << 30}, nil }
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: retention.Day, MinFree: &retention.Limit{Bytes: 1 << 20}}); err != nil {
		t.Fatal(err)
	}
	f.put(3)
	free = 1<<20 - 1
	_, err := f.send("web1", f.results("web1", 1))
	var full *intake.FullError
	if !errors.Is(err, intake.ErrFull) || !errors.As(err, &full) || full.Free != free || full.Hint() == "" {
		t.Fatalf("below the floor: %v", err)
	}
	f.wantExactly(f.acked)
	free = 1 << 20
	f.put(3)
	f.wantExactly(f.acked)
}

// A segment that another process reads is deleted, and its file stays until that process is done.
func TestReadersKeepFiles(t *testing.T) {
	f := newHosts(t, "web1")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	f.put(3)
	first := maps.Clone(f.acked)
	f.day()
	f.put(3)
	other := openAt(t, f.path) // locks are those of open files, so it is like another process
	c, err := other.catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, release, err := other.acquireAll(t.Context(), c)
	if err != nil || len(list) != 2 {
		t.Fatal(len(list), err)
	}
	for range 3 {
		f.day()
	}
	if got := f.states(); !strings.HasPrefix(got, "1 deleting") {
		t.Fatal(got)
	}
	if _, err := os.Stat(f.s.segmentPath(1)); err != nil {
		t.Errorf("the file was removed under a reader: %v", err)
	}
	n := 0
	err = list[len(list)-1].Contacts(t.Context(), 0, countContacts(&n))
	if err != nil || n != 1 || len(first) != 3 {
		t.Errorf("reading on: %d contacts, %v", n, err)
	}
	release()
	f.day()
	names, _ := filepath.Glob(filepath.Join(f.s.segmentsDir(), "*"+deletedSuffix))
	if len(names) != 0 {
		t.Errorf("left: %q", names)
	}
	// Its idle handles are not used again.
	if got := len(intaketest.Results(t, other, intake.Filter{})); got != len(f.ids()) {
		t.Errorf("another process reads %d results", got)
	}
}

// A damaged segment is set aside with its name, and costs only its own results.
func TestDamagedSegmentIsSetAside(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(5)
	lost := maps.Clone(f.acked)
	f.day()
	f.put(5)
	path := f.s.segmentPath(1)
	f.s.Close()
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	f.s = openAt(t, f.path)
	var bad []string
	err := f.s.Check(t.Context(), func(x Finding) {
		if x.Err != nil {
			bad = append(bad, x.File)
		}
	})
	if want := []string{filepath.Join("segments", "000001.db")}; err != nil || !slices.Equal(bad, want) {
		t.Errorf("check: %q, %v; want %q", bad, err, want)
	}
	// A copy of a lost result is looked up there.
	if _, err := f.send("web1", []intake.Result{f.result("web1", 1, f.now)}); err != nil {
		t.Fatal(err)
	}
	f.put(5)
	want := maps.Clone(f.acked)
	for id := range lost {
		delete(want, id)
	}
	want[receipt.ID("web1", hostsStart, 1)] = true
	f.wantExactly(want)
	if got := f.states(); got != "1 damaged, 2 open" {
		t.Error(got)
	}
	if _, err := os.Stat(path + ".damaged-1"); err != nil {
		t.Error(err)
	}
	// Days later everything goes on, and the file is still there.
	for range 3 {
		f.day()
		f.put(1)
	}
	if _, err := os.Stat(path + ".damaged-1"); err != nil {
		t.Error(err)
	}
}

func countContacts(n *int) func(int64, *segment.Contact) error {
	return func(int64, *segment.Contact) error { *n++; return nil }
}
