package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/archive"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/transport/receipt"
)

func noOther(string, int64) bool { return false }

// restored is the store that a backup becomes, with the same agents.
func (f *hosts) restored(backup string) *hosts {
	f.t.Helper()
	dir := filepath.Join(f.t.TempDir(), "restored")
	report, err := Restore(f.t.Context(), backup, dir, noOther, nil, f.now)
	if err != nil {
		f.t.Fatal(err)
	}
	if len(report.Keys) != len(f.access) {
		f.t.Errorf("valid again: %d keys, want %d", len(report.Keys), len(f.access))
	}
	g := *f
	g.path = filepath.Join(dir, storeName)
	g.s = openAt(f.t, g.path)
	g.acked, g.order = maps.Clone(f.acked), maps.Clone(f.order)
	return &g
}

// A backup has what was acknowledged before it began, and goes on with what agents deliver again.
func TestBackup(t *testing.T) {
	f := newHosts(t, "web1", "web2")
	for range 3 {
		f.put(3)
		f.day()
	}
	f.put(3)
	path := filepath.Join(t.TempDir(), "backup.tar")
	report, err := f.s.Backup(t.Context(), path, nil, f.now)
	if err != nil || report.Segments != 4 {
		t.Fatalf("%+v, %v", report, err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != report.Bytes || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := f.s.Backup(t.Context(), path, nil, f.now); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the same file again: %v", err)
	}
	want := maps.Clone(f.acked)
	f.put(2) // not in the backup
	f.wantExactly(f.acked)
	g := f.restored(path)
	g.wantExactly(want)
	g.wantSound()
	g.acked = want
	g.resend()
	// Agents that were not told of the loss send what they still have; it is stored once.
	for agent, last := range f.order {
		list := []intake.Result{g.result(agent, last-1, g.now), g.result(agent, last, g.now)}
		if stored, err := g.send(agent, list); err != nil || stored != 2 {
			t.Errorf("%d, %v", stored, err)
		}
	}
	g.put(1)
	g.day()
	g.wantExactly(g.acked)
	g.wantCounts()
	g.wantSound()
}

// While a server stores, enrols and deletes, a backup is of one moment: of each agent it has the results up to one of them.
func TestBackupWhileServing(t *testing.T) {
	f := newHosts(t, "web1", "web2", "web3")
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: 2 * retention.Day, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	f.put(50)
	f.day()
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	other := openAt(t, f.path)
	acked := make([]uint64, 3)
	var mu sync.Mutex
	for i, agent := range f.agents() {
		serving.Go(func() {
			for n := f.order[agent] + 1; ctx.Err() == nil; n++ {
				_, err := f.s.Append(t.Context(), []intake.Arrival{{AgentID: agent, Access: f.access[agent], Received: f.now,
					Results: []intake.Result{f.result(agent, n, f.now)}}})
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acked[i] = n
				mu.Unlock()
			}
		})
	}
	var backups []string
	var least [][]uint64
	for n := range 3 {
		mu.Lock()
		least = append(least, append([]uint64{}, acked...))
		mu.Unlock()
		path := filepath.Join(t.TempDir(), fmt.Sprint(n))
		if _, err := other.Backup(t.Context(), path, nil, f.now); err != nil {
			t.Error(err)
		}
		backups = append(backups, path)
	}
	stop()
	serving.Wait()
	for n, path := range backups {
		g := f.restored(path)
		g.wantSound()
		last := map[string]uint64{}
		count := map[string]uint64{}
		for _, r := range intaketest.Results(t, g.s, intake.Filter{}) {
			count[r.AgentID]++
			last[r.AgentID] = max(last[r.AgentID], *r.Order)
		}
		for i, agent := range f.agents() {
			if last[agent] < least[n][i] || count[agent] != last[agent] {
				t.Errorf("backup %d: %d results of %q up to %d; %d were acknowledged before it", n, count[agent], agent, last[agent], least[n][i])
			}
		}
	}
}

// Wherever a backup dies, there is none under its name, the store goes on, and the next backup is whole.
func TestBackupKilledAtEveryStep(t *testing.T) {
	for n := 1; ; n++ {
		f := newHosts(t, "web1")
		f.put(2)
		f.day()
		f.put(2)
		path := filepath.Join(t.TempDir(), "backup.tar")
		step := killAt(f.s, n)
		_, err := f.s.Backup(t.Context(), path, nil, f.now)
		if *step == "" {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if !errors.Is(err, errKilled) {
			t.Fatalf("%s: %v", *step, err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("killed at %s: there is a file", *step)
		}
		f.reopen()
		f.put(2)
		f.wantExactly(f.acked)
		if _, err := f.s.Backup(t.Context(), path, nil, f.now); err != nil {
			t.Fatalf("after a kill at %s: %v", *step, err)
		}
		f.day()
		f.resend()
		f.wantSound()
		g := f.restored(path)
		g.wantExactly(f.acked)
		g.wantSound()
		g.resend()
		if n > 50 {
			t.Fatal("it never ends")
		}
	}
}

// A store that still has a table is backed up with it, and the migration goes on where it is restored.
func TestBackupDuringMigration(t *testing.T) {
	f := tableOf(t, 3, "web1", "web2")
	for range 2 {
		if _, err := f.s.moveOn(t.Context(), f.now); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "backup.tar")
	f.put(1)
	if _, err := f.s.Backup(t.Context(), path, nil, f.now); err != nil {
		t.Fatal(err)
	}
	g := f.restored(path)
	g.wantTable(2)
	if err := g.moveAll(); err != nil {
		t.Fatal(err)
	}
	g.wantTable(2)
	g.resend()
	g.wantSound()
}

// What is not a whole backup makes no store.
func TestRestoreRefuses(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(2)
	path := filepath.Join(t.TempDir(), "backup.tar")
	if _, err := f.s.Backup(t.Context(), path, []BackupFile{{"server.pem", f.path}}, f.now); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := Restore(t.Context(), path, dir, noOther, nil, f.now); !errors.Is(err, archive.ErrNotBackup) {
		t.Errorf("a file that nobody expects: %v", err)
	}
	if _, err := Restore(t.Context(), path, filepath.Dir(f.path), noOther, nil, f.now); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("onto a store: %v", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 0 {
		t.Errorf("left: %v, %v", list, err)
	}
	// What a kill left is no obstacle.
	if err := os.MkdirAll(filepath.Join(dir, restoringName, "segments"), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), path, dir, func(name string, _ int64) bool { return name == "server.pem" }, nil, f.now); err != nil {
		t.Error(err)
	}
}

// Revoked since, valid again: whoever restores is told.
func TestRestoreTellsWhatIsValidAgain(t *testing.T) {
	f := newHosts(t, "web1", "web2")
	_, token, err := f.s.AddToken(t.Context(), intake.TokenSpec{Label: "all", Kinds: intake.Enrol}, f.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.s.RevokeAgent(t.Context(), "web2", f.now); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "backup.tar")
	if _, err := f.s.Backup(t.Context(), path, nil, f.now); err != nil {
		t.Fatal(err)
	}
	if err := f.s.RevokeAgent(t.Context(), "web1", f.now); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), path, filepath.Join(t.TempDir(), "x"), noOther, nil, f.now)
	if err != nil || len(r.Keys) != 1 || r.Keys[0].AgentID != "web1" || len(r.Tokens) != 1 || r.Tokens[0].ID != token.ID ||
		!r.Created.Equal(f.now) {
		t.Errorf("%+v, %v", r, err)
	}
}

// The id of a result is looked up after a restoration too, whatever its agent's highest order is.
func TestRestoreKnowsCopies(t *testing.T) {
	f := newHosts(t, "web1")
	f.put(4)
	path := filepath.Join(t.TempDir(), "backup.tar")
	if _, err := f.s.Backup(t.Context(), path, nil, f.now); err != nil {
		t.Fatal(err)
	}
	g := f.restored(path)
	held, _, err := g.s.Held(t.Context(), "web1", []receipt.Range{{Start: hostsStart, From: 1, To: 100}})
	if err != nil || len(held) != 1 || held[0] != (receipt.Range{Start: hostsStart, From: 1, To: 4}) {
		t.Errorf("%v, %v", held, err)
	}
}
