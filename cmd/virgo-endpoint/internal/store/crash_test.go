package store

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// errKilled is what a step returns in place of a kill: nothing after it happens.
var errKilled = errors.New("killed")

// killAt lets the process die after the n-th step, and returns which one that was.
func killAt(s *Store, n int) *string {
	name := ""
	s.step = func(step string) error {
		if n--; n == 0 {
			name = step
		}
		if n <= 0 {
			return errKilled
		}
		return nil
	}
	return &name
}

// Wherever a process dies while it begins a segment, seals one, merges its contacts, deletes one: what was acknowledged
// is there once, what was deleted is gone, and the next process goes on.
func TestKilledAtEveryStep(t *testing.T) {
	seen := map[string]bool{}
	for n := 1; ; n++ {
		var step string
		t.Run(fmt.Sprint(n), func(t *testing.T) { step = killedOnce(t, n) })
		if step == "" {
			break
		}
		seen[step] = true
		if n > 100 {
			t.Fatal("it never ends")
		}
	}
	for _, step := range []string{"sealed", "created", "finished", "merged", "retired", "uncounted", "renamed", "removed"} {
		if !seen[step] {
			t.Errorf("no kill after the step %q; there were %v", step, seen)
		}
	}
}

// killedOnce lives through four days with a day of results, and dies at the n-th step. It returns which one that was,
// empty if there are fewer.
func killedOnce(t *testing.T, n int) string {
	var agents []string
	for i := range mergeAgents/100 + 1 {
		agents = append(agents, fmt.Sprint("web", i))
	}
	f := newHosts(t, agents...)
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	f.s.mergeAtOnce = 2
	step := killAt(f.s, n)
	died := false
	byDay := make([]map[string]bool, 4)
	for day := range byDay {
		before := maps.Clone(f.acked)
		for _, agent := range agents {
			if _, err := f.send(agent, f.results(agent, 2)); err != nil {
				if died || !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				f.order[agent] -= 2 // the agent still has them
				died = true
				f.revive()
				if stored, err := f.send(agent, f.results(agent, 2)); err != nil || stored != 2 {
					t.Fatalf("%d stored after the kill, %v", stored, err)
				}
			}
		}
		byDay[day] = map[string]bool{}
		for id := range f.acked {
			if !before[id] {
				byDay[day][id] = true
			}
		}
		f.now = f.now.Add(retention.Day)
		if err := f.upkeep(); err != nil {
			if died || !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			died = true
			f.wantNothingLost(byDay, 1)
			f.revive()
			f.wantNothingLost(byDay, 1)
			if err := f.upkeep(); err != nil {
				t.Fatalf("after the kill: %v", err)
			}
		}
	}
	f.wantNothingLost(byDay, 1)
	f.wantCounts()
	f.wantSound()
	f.resend()
	if left, _ := filepath.Glob(filepath.Join(f.s.segmentsDir(), "*"+deletedSuffix)); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if list, err := os.ReadDir(f.s.segmentsDir()); err != nil || len(list) > 10 {
		t.Errorf("%d files, %v", len(list), err)
	}
	return *step
}

// revive is a process that starts after the one that died.
func (f *hosts) revive() {
	f.t.Helper()
	f.reopen()
	f.s.mergeAtOnce = 2
}

// wantNothingLost fails if a result of the days that are kept is not there once, or anything is there twice.
func (f *hosts) wantNothingLost(byDay []map[string]bool, keep int) {
	f.t.Helper()
	count := map[string]int{}
	for _, id := range f.ids() {
		count[id]++
	}
	for day, ids := range byDay {
		for id := range ids {
			age := f.now.Sub(firstDay.Add(time.Duration(day+1) * retention.Day))
			if n := count[id]; n > 1 || n == 0 && age < time.Duration(keep)*retention.Day {
				f.t.Fatalf("%s of day %d is stored %d times (%s)", id, day, n, f.states())
			}
		}
	}
}

// Two processes that roll over at the same time begin one segment.
func TestRollOverOfTwoProcesses(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(1)
	other := openAt(t, f.path)
	for _, s := range []*Store{f.s, other, f.s} {
		if err := s.rollOver(t.Context(), 1, f.now); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.states(); got != "1 ended, 2 open" {
		t.Error(got)
	}
	// One that knows only the sealed segment writes to the next.
	f.put(1)
	f.wantExactly(f.acked)
}

// A wall clock that jumps costs no results, and is told.
func TestClockJumps(t *testing.T) {
	f := newHosts(t, "web1")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 30 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	for _, jump := range []time.Duration{0, retention.Day, 40 * 365 * retention.Day, -40 * 365 * retention.Day, 300 * retention.Day,
		-300 * retention.Day, time.Hour, retention.Day} {
		f.now = f.now.Add(jump)
		var log strings.Builder
		m := f.maintenance()
		m.Log = logTo(&log)
		if err := f.s.upkeep(t.Context(), &m, &state{}); err != nil {
			t.Fatal(err)
		}
		if told := strings.Contains(log.String(), "made a jump"); told != (jump < 0 || jump > retention.Day) {
			t.Errorf("a jump of %v: %s", jump, log.String())
		}
		f.put(2)
	}
	f.wantExactly(f.acked)
	f.wantCounts()
	// A lost agent's state: its results of now are stored, whatever the clock was when segments ended.
	if stored, err := f.send("web1", []intake.Result{f.result("web1", 1000, f.now)}); err != nil || stored != 1 {
		t.Errorf("%d, %v", stored, err)
	}
}

// A round that has nothing to do writes nothing: each commit costs the server what it remembers of agents.
func TestIdleMaintenanceWritesNothing(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(1)
	f.day()
	before, err := f.s.catalogue(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 10 {
		f.now = f.now.Add(time.Minute)
		if err := f.upkeep(); err != nil {
			t.Fatal(err)
		}
	}
	if after, err := f.s.catalogue(t.Context()); err != nil || after != before {
		t.Errorf("something was written: %v", err)
	}
}

// check reads the rows of the history too.
func TestCheckReadsHistory(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(5)
	if err := f.s.closeHours(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.wantSound()
	db, err := sql.Open("sqlite", f.s.historyPath())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	done, err := db.Exec("UPDATE series SET data = data || x'00'")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := done.RowsAffected(); n == 0 || err != nil {
		t.Skipf("no rows: %v", err)
	}
	var bad []string
	err = f.s.Check(t.Context(), func(x Finding) {
		if x.Err != nil {
			bad = append(bad, x.File)
		}
	})
	if err != nil || len(bad) != 1 || bad[0] != historyName {
		t.Errorf("%q, %v", bad, err)
	}
}
