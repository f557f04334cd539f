package control

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
	"virgo/schedule/alarm"
)

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "control.db") }

func addPerson(t testing.TB, d *DB, name string) {
	t.Helper()
	if _, err := d.People().Put(t.Context(), watch.Person{Name: name, Role: watch.Admin, Password: "x"}); err != nil {
		t.Fatal(err)
	}
}

func names(t testing.TB, d *DB) []string {
	t.Helper()
	all, err := d.People().All(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, p := range all {
		list = append(list, p.Name)
	}
	return list
}

func TestFile(t *testing.T) {
	// Characters that mean something in a SQLite URI are part of the name here.
	path := filepath.Join(t.TempDir(), "a b%20c#d", "control.db")
	if Exists(path) {
		t.Error("it exists")
	}
	if _, err := Open(t.Context(), path, Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without its folder: %v", err)
	}
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	d := openAt(t, path)
	addPerson(t, d, "ann")
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%q has mode %v", suffix, info.Mode())
		}
	}
	for pragma, want := range map[string][3]string{"synchronous": {"2", "1", "2"}, "journal_mode": {"wal", "wal", "wal"}, "foreign_keys": {"1", "1", "1"},
		"user_version": {fmt.Sprint(len(schema)), fmt.Sprint(len(schema)), fmt.Sprint(len(schema))}, "cache_size": {"-512", "-512", "-512"}} {
		for i, db := range []*sql.DB{d.write, d.light, d.read} {
			var got string
			if err := db.QueryRowContext(t.Context(), "PRAGMA "+pragma).Scan(&got); err != nil || got != want[i] {
				t.Errorf("%s of connection %d is %q, %v; want %q", pragma, i, got, err, want[i])
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if exists(path + "-wal") {
		t.Error("the log stays after the last one has closed it")
	}
	if got := names(t, openAt(t, path)); !slices.Equal(got, []string{"ann"}) {
		t.Errorf("people %v", got)
	}
}

func TestNewerFileIsRefused(t *testing.T) {
	path := newPath(t)
	d := openAt(t, path)
	addPerson(t, d, "ann")
	if _, err := d.write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d", len(schema)+1)); err != nil {
		t.Fatal(err)
	}
	d.Close()
	for _, aside := range []bool{false, true} {
		if _, err := Open(t.Context(), path, Options{SetAside: aside}); !errors.Is(err, ErrNewer) {
			t.Errorf("%v", err)
		}
	}
	if exists(path + ".damaged-1") {
		t.Error("it was set aside")
	}
}

// overwrite makes every page but the first one garbage, or all with them.
func overwrite(t *testing.T, path string, from int) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < len(data); i++ {
		data[i] = 0xa5
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedFiles(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, path string){
		"header":          func(t *testing.T, path string) { overwrite(t, path, 0) },
		"pages":           func(t *testing.T, path string) { overwrite(t, path, 4096) },
		"truncated":       func(t *testing.T, path string) { truncate(t, path, 10_000) },
		"another program": anotherProgram,
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			d := openAt(t, path)
			addPerson(t, d, "ann")
			d.Close()
			damage(t, path)
			was, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			// A command says so, or fails when it gets there; it changes nothing.
			if d, err := Open(t.Context(), path, Options{}); err == nil {
				_, err = d.People().All(t.Context())
				if err == nil {
					_, err = d.Audit().Begin(t.Context(), watch.Entry{})
				}
				if err == nil {
					err = d.Restored(t.Context())
				}
				if !errors.Is(err, ErrDamagedFile) || !errors.Is(err, intake.ErrDamaged) {
					t.Errorf("a command: %v", err)
				}
				d.Close()
			} else if !errors.Is(err, ErrDamagedFile) {
				t.Errorf("a command: %v", err)
			}
			for n := 1; n <= 2; n++ {
				var log bytes.Buffer
				d := openWith(t, path, Options{SetAside: true, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: watchtest.Now})
				aside := fmt.Sprintf("%s.damaged-%d", path, n)
				if list := names(t, d); len(list) != 0 || strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), aside) {
					t.Errorf("people %v, log %q", list, log.String())
				}
				if kept, err := os.ReadFile(aside); n == 1 && name != "another program" && (err != nil || !bytes.Equal(kept, was)) {
					t.Errorf("what was set aside is not what was there: %v", err)
				}
				addPerson(t, d, "bob")
				d.Close()
				overwrite(t, path, 0)
			}
		})
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func anotherProgram(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE people (name TEXT); PRAGMA user_version = 1"); err != nil {
		t.Fatal(err)
	}
}

// A server goes on when damage is found while it runs: what failed is done again by whoever asked.
func TestDamageWhileServing(t *testing.T) {
	path := newPath(t)
	var log bytes.Buffer
	d := openWith(t, path, Options{SetAside: true, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: watchtest.Now})
	for i := range 200 {
		addPerson(t, d, fmt.Sprint("person", i))
	}
	if _, err := d.write.ExecContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, 4096)
	fresh := 0
	for range 5 { // pages that are in memory are still good
		all, err := d.People().All(t.Context())
		if err == nil && len(all) == 0 {
			fresh++
		}
		if _, err := d.Audit().Begin(t.Context(), watch.Entry{Object: strings.Repeat("x", 8192)}); err != nil && !errors.Is(err, intake.ErrDamaged) {
			t.Fatal(err)
		}
	}
	if fresh == 0 || !exists(path+".damaged-1") || exists(path+".damaged-2") || !strings.Contains(log.String(), "was damaged") {
		t.Errorf("log %q", log.String())
	}
	addPerson(t, d, "ann")
}

// Cursors and states from which nothing follows are made again; all else is synced before a method returns.
func TestWhatIsSynced(t *testing.T) {
	d := openAt(t, newPath(t))
	ctx, hash := t.Context(), [32]byte{1}
	key := watch.Key{Rule: "disk", Agent: 1}
	saved := watch.Saved{Standing: watch.Standing{Key: key, State: alarm.Critical}}
	addPerson(t, d, "ann")
	var entry int64
	for _, step := range []struct {
		name string
		do   func() error
		want string
	}{
		{"states", func() error {
			_, err := d.Alarms().Save(ctx, watch.AlarmsStep{Cursor: 1, States: []watch.Saved{saved}})
			return err
		}, "committed"},
		{"changes", func() error {
			_, err := d.Alarms().Save(ctx, watch.AlarmsStep{Changes: []watch.Change{{Key: key}}})
			return err
		}, "synced"},
		{"notifications of alarms", func() error {
			_, err := d.Alarms().Save(ctx, watch.AlarmsStep{Queued: []watch.Row{{Notifier: "ops"}}})
			return err
		}, "synced"},
		{"acknowledgement", func() error { return d.Alarms().Acknowledge(ctx, key, "ann", watchtest.Now()) }, "synced"},
		{"notifications", func() error { return d.Queue().Add(ctx, []watch.Row{{Notifier: "ops"}}) }, "synced"},
		{"outcome", func() error { return d.Queue().Settle(ctx, "ops", []int64{1}, watch.Outcome{Sent: true}) }, "synced"},
		{"release", func() error { return d.Queue().Release(ctx, 1, nil) }, "synced"},
		{"silence", func() error { _, err := d.Silences().Put(ctx, watch.Silence{}); return err }, "synced"},
		{"cursor", func() error { return d.Cursors().SaveCursor(ctx, watch.Cursor{Name: "prom"}) }, "committed"},
		{"setting", func() error { return d.Settings().SetSetting(ctx, "a", "b") }, "synced"},
		{"session", func() error { return d.People().Begin(ctx, watch.Session{Hash: hash, Person: "ann"}) }, "synced"},
		{"use", func() error { return d.People().Touch(ctx, hash, watchtest.Now()) }, "committed"},
		{"logout", func() error { return d.People().End(ctx, hash, false) }, "synced"},
		{"removal", func() error { return d.People().Remove(ctx, "ann") }, "synced"},
		{"question", func() error { return d.HostInfo().Ask(ctx, watch.Question{Agent: 1, Type: "cpu"}) }, "synced"},
		{"answer", func() error {
			return d.HostInfo().Settle(ctx, watch.Info{Question: watch.Question{Agent: 1, Type: "cpu"}})
		}, "synced"},
		{"entry", func() (err error) { entry, err = d.Audit().Begin(ctx, watch.Entry{}); return err }, "synced"},
		{"outcome of an entry", func() error { return d.Audit().End(ctx, entry, watch.Done) }, "synced"},
	} {
		var steps []string
		d.step = func(name string) error {
			steps = append(steps, name)
			return nil
		}
		if err := step.do(); err != nil || !slices.Equal(steps, []string{"changed", step.want}) {
			t.Errorf("%s: %v, %v; want %s", step.name, steps, err, step.want)
		}
	}
}

func TestMaintain(t *testing.T) {
	now := watchtest.Now()
	path := newPath(t)
	d := openWith(t, path, Options{Now: func() time.Time { return now }})
	ctx := t.Context()
	const old = 2*deleteAtOnce + 7
	var step watch.AlarmsStep
	for i := range old {
		c := watch.Change{Key: watch.Key{Rule: "disk", Agent: intake.AgentNumber(i)}, At: now, Until: now, State: alarm.Critical}
		step.Changes = append(step.Changes, c)
	}
	if _, err := d.Alarms().Save(ctx, step); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Audit().Begin(ctx, watch.Entry{At: now, Object: "old"}); err != nil {
		t.Fatal(err)
	}
	var ended []watch.Silence
	for range 2 {
		s, err := d.Silences().Put(ctx, watch.Silence{Ended: now})
		if err != nil {
			t.Fatal(err)
		}
		ended = append(ended, s)
	}
	// What a silence still holds back is told before the silence goes.
	if _, err := d.Alarms().Save(ctx, watch.AlarmsStep{Changes: []watch.Change{{Key: watch.Key{Rule: "open"}, At: now.Add(watch.ChangesKept), State: alarm.Critical}},
		Held: map[int64][]int{ended[0].ID: {0}}}); err != nil {
		t.Fatal(err)
	}
	now = now.Add(watch.ChangesKept)
	addPerson(t, d, "ann")
	for i, s := range []watch.Session{{Created: now, Used: now.Add(-watch.SessionIdle)}, {Created: now, Used: now.Add(-watch.SessionIdle - time.Second)},
		{Created: now.Add(-watch.SessionLife - time.Second), Used: now}} {
		s.Hash, s.Person = [32]byte{byte(i)}, "ann"
		if err := d.People().Begin(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	wantCount := func(table string, want int) {
		t.Helper()
		var n int
		if err := d.read.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != want {
			t.Errorf("%s has %d rows, %v; want %d", table, n, err, want)
		}
	}
	if err := d.Maintain(ctx); err != nil {
		t.Fatal(err)
	}
	wantCount("alarm_changes", old+1)
	wantCount("audit", 1)
	wantCount("silences", 1)
	wantCount("sessions", 1)
	now = now.Add(time.Millisecond)
	transactions := 0
	d.step = func(name string) error {
		if name == "committed" {
			transactions++
		}
		return nil
	}
	if err := d.Maintain(ctx); err != nil {
		t.Fatal(err)
	}
	wantCount("alarm_changes", 1)
	wantCount("audit", 0)
	if transactions < 3 {
		t.Errorf("all was deleted in %d transactions", transactions)
	}
}

func TestRestored(t *testing.T) {
	path := newPath(t)
	d := openAt(t, path)
	addPerson(t, d, "ann")
	hash := [32]byte{1}
	if err := d.People().Begin(t.Context(), watch.Session{Hash: hash, Person: "ann"}); err != nil {
		t.Fatal(err)
	}
	if err := d.Queue().Add(t.Context(), []watch.Row{{Notifier: "ops"}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Restored(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := d.People().Session(t.Context(), hash); !errors.Is(err, watch.ErrNoSession) {
		t.Errorf("a session of then: %v", err)
	}
	if rows, err := d.Queue().Due(t.Context(), "ops", watchtest.Now(), 9); err != nil || len(rows) != 1 {
		t.Errorf("notifications: %v, %v", rows, err)
	}
}

// Another process has the write lock: the call waits, and does not fail at once.
func TestOtherProcess(t *testing.T) {
	path := newPath(t)
	d, other := openAt(t, path), openAt(t, path)
	locked, release := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- other.change(context.WithoutCancel(t.Context()), "testing", false, func(*sql.Tx) error {
			close(locked)
			<-release
			return nil
		})
	}()
	<-locked
	added := make(chan error, 1)
	go func() {
		_, err := d.People().Put(context.WithoutCancel(t.Context()), watch.Person{Name: "ann"})
		added <- err
	}()
	if got := names(t, d); len(got) != 0 { // readers wait for nobody
		t.Errorf("people %v", got)
	}
	close(release)
	if err := errors.Join(<-done, <-added); err != nil {
		t.Error(err)
	}
	if got := names(t, other); !slices.Equal(got, []string{"ann"}) {
		t.Errorf("people %v", got)
	}
}
