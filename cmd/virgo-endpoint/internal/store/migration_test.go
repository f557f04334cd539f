package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/transport/receipt"
)

// fixture is a copy of a store that an earlier version wrote.
func fixture(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, data, fileMode); err != nil {
		t.Fatal(err)
	}
	return path
}

// tableDays is on how many days the results of tableOf arrived.
const tableDays = 5

// tableOf makes a store of before segments, with results of each agent on tableDays days, some without an id.
func tableOf(t testing.TB, each int, agents ...string) *hosts {
	t.Helper()
	return tableWith(t, each, nil, agents...)
}

// tableWith is tableOf; params, if not nil, makes the params of results.
func tableWith(t testing.TB, each int, params func(n uint64) []byte, agents ...string) *hosts {
	t.Helper()
	path := filepath.Join(t.TempDir(), "endpoint.db")
	if err := os.WriteFile(path, nil, fileMode); err != nil {
		t.Fatal(err)
	}
	dsn, err := dataSource(path)
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	for version, step := range schema[:6] {
		if _, err := db.Exec(step + fmt.Sprintf("; PRAGMA user_version = %d", version+1)); err != nil {
			t.Fatal(err)
		}
	}
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	f := &hosts{order: map[string]uint64{}, acked: map[string]bool{}, made: map[string]time.Time{}}
	insert := func(agent int, id any, r *intake.Result, received time.Time) {
		_, err := tx.Exec(`INSERT INTO results (agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
			result_order, params) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, agent, id, r.CheckID, r.CheckType, r.State, r.Status,
			r.Time.UnixMilli(), received.UnixMilli(), r.Order, []byte(r.Params))
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, agent := range agents {
		_, err := tx.Exec("INSERT INTO agents (key, agent_id, first_seen_ms, last_seen_ms, results, known) VALUES (?, ?, ?, ?, ?, 1)",
			i+1, agent, firstDay.UnixMilli(), firstDay.UnixMilli(), tableDays*(each+1))
		if err != nil {
			t.Fatal(err)
		}
	}
	for day := range tableDays {
		for n := range each + 1 {
			at := firstDay.Add(time.Duration(day-tableDays)*retention.Day + time.Duration(n/7)*time.Minute)
			for i, agent := range agents {
				if n == each {
					r := f.result(agent, 0, at)
					r.ResultID, r.Order, r.Status = "", nil, fmt.Sprintf("without an id, of %s on day %d", agent, day)
					insert(i+1, nil, &r, at)
					continue
				}
				f.order[agent]++
				r := f.result(agent, f.order[agent], at)
				if params != nil {
					r.Params = params(f.order[agent])
				}
				f.acked[r.ResultID], f.made[r.ResultID] = true, at
				insert(i+1, r.ResultID, &r, at)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	live := hostsAt(t, path, agents...)
	live.order, live.acked, live.made = f.order, f.acked, f.made
	return live
}

// wantTable fails if a result of the table, or one that was sent since, is not there once.
func (f *hosts) wantTable(agents int) {
	f.t.Helper()
	ids, without := map[string]int{}, 0
	order := map[string]int64{}
	for _, r := range intaketest.Results(f.t, f.s, intake.Filter{}) {
		if r.ResultID == "" {
			without++
			continue
		}
		ids[r.ResultID]++
		order[r.ResultID] = r.Seq
	}
	if without != agents*tableDays {
		f.t.Errorf("%d results without an id, want %d", without, agents*tableDays)
	}
	for id := range f.acked {
		if ids[id] != 1 {
			f.t.Fatalf("%s is there %d times (%s)", id, ids[id], f.states())
		}
	}
	if len(ids) != len(f.acked) {
		f.t.Errorf("%d results, want %d", len(ids), len(f.acked))
	}
	// Those of an agent are still in the order of their arrival.
	for agent, last := range f.order {
		for n := uint64(2); n <= last; n++ {
			a, b := receipt.ID(agent, hostsStart, n-1), receipt.ID(agent, hostsStart, n)
			if order[a] >= order[b] {
				f.t.Fatalf("%s has the number %d, %s has %d", a, order[a], b, order[b])
			}
		}
	}
}

// moveAll migrates to the end.
func (f *hosts) moveAll() error {
	for {
		m, err := f.s.moveOn(f.t.Context(), f.now)
		if err != nil || m.Done {
			return err
		}
	}
}

func TestMigrationIntoSegments(t *testing.T) {
	agents := []string{"web1", "web2", "db1"}
	f := tableOf(t, 20, agents...)
	f.wantTable(len(agents))
	f.put(2) // in the first segment behind the table
	f.wantTable(len(agents))
	f.resend()
	for i := 1; ; i++ {
		m, err := f.s.moveOn(t.Context(), f.now)
		if err != nil {
			t.Fatal(err)
		}
		f.wantTable(len(agents))
		f.resend()
		f.put(1)
		held, _, err := f.s.Held(t.Context(), "web1", []receipt.Range{{Start: hostsStart, From: 1, To: f.order["web1"]}})
		if err != nil || len(held) != 1 || held[0].To != f.order["web1"] {
			t.Errorf("held: %v, %v", held, err)
		}
		if m.Done {
			break
		}
		if want := int64(min(i, tableDays) * 21 * len(agents)); m.Moved != want || m.Total != tableDays*21*int64(len(agents)) {
			t.Errorf("after %d steps: %+v", i, m)
		}
		if i > 20 {
			t.Fatal("it never ends")
		}
	}
	if got, want := f.states(), "1 sealed, 2 sealed, 3 sealed, 4 sealed, 5 sealed, 10001 open"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	var tables int
	if err := f.s.read.QueryRow("SELECT count(*) FROM sqlite_schema WHERE name = 'results'").Scan(&tables); err != nil || tables != 0 {
		t.Errorf("the table is there: %d, %v", tables, err)
	}
	f.wantCounts()
	f.wantSound()
	f.reopen()
	f.wantTable(len(agents))
	f.resend()
	f.put(1)
	f.wantTable(len(agents))
	var unsure int
	if err := f.s.read.QueryRow("SELECT count(*) FROM agents WHERE unsure OR highest < 100").Scan(&unsure); err != nil || unsure != 0 {
		t.Errorf("%d agents whose orders are not known, %v", unsure, err)
	}
	// Their ages are those of their days.
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 2 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	for range 4 {
		f.day()
	}
	if got := f.states(); strings.HasPrefix(got, "1 ") || strings.HasPrefix(got, "5 ") {
		t.Errorf("what is too old is still there: %s", got)
	}
	f.wantCounts()
	f.wantSound()
}

// Wherever the migration dies, each result is there once before and after, and it ends.
func TestMigrationKilledAtEveryStep(t *testing.T) {
	seen := map[string]bool{}
	for n := 1; ; n++ {
		f := tableOf(t, 3, "web1", "web2")
		step := killAt(f.s, n)
		err := f.moveAll()
		if *step == "" {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		seen[*step] = true
		if !errors.Is(err, errKilled) {
			t.Fatalf("%s: %v", *step, err)
		}
		f.reopen()
		f.wantTable(2)
		f.resend()
		f.put(1)
		if err := f.moveAll(); err != nil {
			t.Fatalf("after a kill at %s: %v", *step, err)
		}
		f.wantTable(2)
		f.wantCounts()
		f.wantSound()
		f.resend()
		if n > 100 {
			t.Fatal("it never ends")
		}
	}
	for _, step := range []string{"filling", "written", "filled", "published", "dropped", "table dropped"} {
		if !seen[step] {
			t.Errorf("no kill after the step %q; there were %v", step, seen)
		}
	}
}

// Without the space for both it does not begin, says how much it takes, and everything goes on.
func TestMigrationWithoutSpace(t *testing.T) {
	f := tableOf(t, 20, "web1")
	f.s.freeSpace = func() (retention.Space, error) { return retention.Space{Free: 1000, Total: 1 << 30}, nil }
	_, err := f.s.moveOn(t.Context(), f.now)
	var space *MigrationSpaceError
	if !errors.As(err, &space) || space.Free != 1000 || space.Need < 4096 || space.Hint() == "" || !strings.Contains(err.Error(), "KiB") {
		t.Fatalf("%v", err)
	}
	f.wantTable(1)
	f.put(1)
	f.wantTable(1)
	f.s.freeSpace = nil
	if err := f.moveAll(); err != nil {
		t.Fatal(err)
	}
	f.wantTable(1)
}

// The rows of the table take their space until the end: while they are moved, a full disk is no reason to keep less, which
// would delete what was moved and make no space.
func TestFullDiskInMigration(t *testing.T) {
	f := tableOf(t, 20, "web1")
	free := retention.Space{Free: 10 << 30, Total: 10 << 30}
	f.s.freeSpace = func() (retention.Space, error) { return free, nil }
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{MaxBytes: -1, MinFree: &retention.Limit{Bytes: 1 << 20}}); err != nil {
		t.Fatal(err)
	}
	hint := func() string {
		t.Helper()
		free.Free = 1000
		defer func() { free.Free = 10 << 30 }()
		var full *intake.FullError
		if _, err := f.send("web1", f.results("web1", 1)); !errors.As(err, &full) {
			t.Fatalf("on a full disk: %v", err)
		}
		c, err := f.s.catalogue(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		f.s.tellSpace(c, &Maintenance{Log: slog.New(slog.NewJSONHandler(&log, nil))}, &state{})
		if !strings.Contains(log.String(), full.Hint()) {
			t.Errorf("the log has another hint than the error: %s", &log)
		}
		return full.Hint()
	}
	const keepLess = "or keep less"
	if got := hint(); strings.Contains(got, keepLess) || !strings.Contains(got, "make space on that disk") {
		t.Errorf("in the migration: %q", got)
	}
	if err := f.moveAll(); err != nil {
		t.Fatal(err)
	}
	if got := hint(); !strings.Contains(got, keepLess) {
		t.Errorf("after the migration: %q", got)
	}
}

// Stores of all earlier versions become segments, with everything in them.
func TestMigrationOfFixtures(t *testing.T) {
	for name, want := range map[string]int{"store-v1.db": 6, "store-v2.db": -1, "store-v3.db": 2} {
		s := openAt(t, fixture(t, name))
		before := intaketest.Results(t, s, intake.Filter{})
		if want >= 0 && len(before) != want {
			t.Errorf("%s: %d results", name, len(before))
		}
		f := &hosts{t: t, s: s, now: time.Now()}
		if err := f.moveAll(); err != nil {
			t.Fatal(err)
		}
		after := intaketest.Results(t, s, intake.Filter{})
		if len(after) != len(before) {
			t.Fatalf("%s: %d results became %d", name, len(before), len(after))
		}
		for i := range before {
			a, b := before[i], after[i]
			if d := b.Received.Sub(a.Received); a.ResultID != b.ResultID || string(a.Params) != string(b.Params) || !a.Time.Equal(b.Time) ||
				a.AgentID != b.AgentID || a.Status != b.Status || d < 0 || d >= arrivalSpan {
				t.Errorf("%s: %+v became %+v", name, a, b)
			}
		}
		f.wantCounts()
		f.wantSound()
	}
}
