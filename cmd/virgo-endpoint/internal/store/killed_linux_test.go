package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// A process that serves a store is killed by the system, with SIGKILL: at a step, or within the n-th system call that
// changes a file. It lives through days: results arrive, hours become columns and roll-ups, segments begin and are sealed,
// deleted, backed up, and rows of a store of before become segments.

const (
	lifeVariable = "VIRGO_STORE_LIFE"
	lifeDays     = 6
	lifeHours    = 2 // of a day, from its first on
	lifeEach     = 3
	lifeKeep     = 2 * retention.Day
)

// A life is what a process is to do.
type life struct {
	Path    string
	Hour    int               // the first one, of all hours of all days
	Order   map[string]uint64 // the last order of each agent that was acknowledged
	Kill    int               // the step that it dies at; 0: none
	History bool              // of the steps of the history; of the others otherwise
}

// lifeNow is a time within an hour.
func lifeNow(hour int) time.Time {
	return firstDay.Add(time.Duration(hour/lifeHours)*retention.Day + time.Duration(hour%lifeHours)*time.Hour + 30*time.Minute)
}

// lifeResult is an agent's result of that order, the n-th that it sends in an hour.
func lifeResult(f *hosts, agent string, order uint64, hour, n int) intake.Result {
	now := lifeNow(hour)
	r := f.result(agent, order, now.Add(-lifeAges[n]).Add(-time.Duration(order)*time.Millisecond)) // no two at the same time
	r.CheckID, r.Received, r.Params = fmt.Sprint("c", order%2), now, lifeParams(order)
	return r
}

// TestLife is that process. It writes a line for what is done: nothing of that may be lost.
func TestLife(t *testing.T) {
	text := os.Getenv(lifeVariable)
	if text == "" {
		t.Skip("TestKilledProcesses runs it as a process of its own")
	}
	var l life
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err)
	}
	agents := []string{"web1", "web2"}
	f := hostsAt(t, l.Path, agents...)
	f.order = l.Order
	f.s.mergeAtOnce = 1
	f.s.step = func(step string) error {
		if strings.HasPrefix(step, "history: ") != l.History {
			return nil
		}
		if l.Kill--; l.Kill == 0 {
			fmt.Println("killed at", step)
			p, err := os.FindProcess(os.Getpid())
			if err == nil {
				err = p.Kill()
			}
			t.Fatal(err)
		}
		return nil
	}
	if _, _, err := f.s.SetBounds(t.Context(), Bounds{Keep: lifeKeep, MaxBytes: -1, MinFree: &retention.Limit{}}); err != nil {
		t.Fatal(err)
	}
	m := Maintenance{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return f.now }, Closed: f.s.closed}
	for hour := l.Hour; hour < lifeDays*lifeHours; hour++ {
		f.now = lifeNow(hour)
		for _, agent := range agents {
			last := f.order[agent]
			var list []intake.Result
			for n := range lifeEach {
				f.order[agent]++
				list = append(list, lifeResult(f, agent, f.order[agent], hour, n))
			}
			if last > 0 { // a copy, of which the answer was lost
				list = append(list, f.result(agent, last, f.now))
			}
			if _, err := f.send(agent, list); err != nil {
				t.Fatal(err)
			}
			fmt.Println("stored", agent, last+1, f.order[agent])
		}
		if hour%lifeHours == lifeHours-1 {
			lifeUpkeep(f, &m)
		}
		if err := f.s.closeHours(t.Context()); err != nil {
			t.Fatal(err)
		}
		day := hour / lifeHours
		if hour%lifeHours < lifeHours-1 || day%2 == 0 {
			fmt.Println("hour", hour)
			continue
		}
		file := filepath.Join(filepath.Dir(l.Path), "backups", fmt.Sprint(day))
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) { // one that was killed when it was done
			t.Fatal(err)
		}
		if _, err := f.s.Backup(t.Context(), file, nil, f.now); err != nil {
			t.Fatal(err)
		}
		fmt.Println("backup", day)
	}
	fmt.Println("done")
}

// lifeUpkeep is what is done once a day.
func lifeUpkeep(f *hosts, m *Maintenance) {
	f.t.Helper()
	for {
		p, err := f.s.moveOn(f.t.Context(), f.now)
		if err != nil {
			f.t.Fatal(err)
		}
		if p.Done {
			break
		}
	}
	unlock, err := f.s.becomeMaintainer()
	if err != nil {
		f.t.Fatal(err)
	}
	defer unlock()
	if err := f.s.upkeep(f.t.Context(), m, &state{}); err != nil {
		f.t.Fatal(err)
	}
}

// A killing runs lives until one ends by itself.
type killing struct {
	t      *testing.T
	f      *hosts // its agents and what was acknowledged
	hour   int
	stored map[string]time.Time // when a result that was acknowledged arrived
	// samples are the metrics of all results that ever were stored, by id.
	samples map[string]sample
	backup  int                  // the day of the last backup, -1 if there is none
	had     map[string]time.Time // what was stored then
	sampled map[string]sample
	done    bool
}

// backupHour is the hour of the last backup.
func (k *killing) backupHour() int { return k.backup*lifeHours + lifeHours - 1 }

func newKilling(t *testing.T, old bool) *killing {
	k := &killing{t: t, stored: map[string]time.Time{}, samples: map[string]sample{}, backup: -1}
	if old {
		k.f = tableWith(t, 3, lifeParams, "web1", "web2")
		for agent, last := range k.f.order {
			for n := range last {
				r := k.f.result(agent, n+1, firstDay)
				r.Time, r.Received = k.f.made[r.ResultID], k.f.made[r.ResultID]
				k.stored[r.ResultID] = r.Received
				k.sample(agent, &r)
			}
		}
	} else {
		k.f = newHosts(t, "web1", "web2")
	}
	if err := k.f.s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(k.f.path), "backups"), 0o700); err != nil {
		t.Fatal(err)
	}
	return k
}

// live starts a process that dies at a step, of the history or others, or is started by a program (strace) that kills it. It
// returns the line about the step.
func (k *killing) live(step int, history bool, by ...string) (killedAt string) {
	k.t.Helper()
	text, err := json.Marshal(life{k.f.path, k.hour, k.f.order, step, history})
	if err != nil {
		k.t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		k.t.Fatal(err)
	}
	argv := append(by, self, "-test.run=^TestLife$", "-test.count=1")
	cmd := exec.CommandContext(k.t.Context(), argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), lifeVariable+"="+string(text))
	said, err := cmd.CombinedOutput()
	for lines := bufio.NewScanner(bytes.NewReader(said)); lines.Scan(); {
		word, rest, _ := strings.Cut(lines.Text(), " ")
		switch word {
		case "stored":
			var agent string
			var from, to uint64
			if _, err := fmt.Sscan(rest, &agent, &from, &to); err != nil {
				k.t.Fatalf("%q: %v", lines.Text(), err)
			}
			for n := from; n <= to; n++ {
				r := lifeResult(k.f, agent, n, k.hour, int(n-from))
				k.stored[r.ResultID] = r.Received
				k.sample(agent, &r)
			}
			k.f.order[agent] = to
		case "hour":
			k.hour++
		case "backup":
			if _, err := fmt.Sscan(rest, &k.backup); err != nil {
				k.t.Fatal(err)
			}
			k.had, k.sampled = maps.Clone(k.stored), maps.Clone(k.samples)
			k.hour = k.backupHour() + 1
		case "killed":
			killedAt = lines.Text()
		case "done":
			k.done = true
		case "---", "FAIL":
			k.t.Fatalf("the process failed:\n%s", said)
		}
	}
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		k.t.Fatal(err)
	}
	k.look()
	return killedAt
}

// look fails if something acknowledged is lost or anything is there twice.
func (k *killing) look() {
	k.t.Helper()
	s, err := Open(k.t.Context(), k.f.path)
	if err != nil {
		k.t.Fatal(err)
	}
	defer s.Close()
	k.compare("the store", s, k.stored, lifeNow(k.hour))
	last := int64(0)
	for _, r := range intaketest.Results(k.t, s, intake.Filter{}) {
		last = max(last, r.Seq)
		if _, ok := k.samples[r.ResultID]; !ok && r.ResultID != "" { // the process died before it said so
			k.sample(r.AgentID, &r)
		}
	}
	k.compareHistory("the store", s, k.samples, k.hour)
	if !k.done {
		return // a file without a row of the catalogue may be left
	}
	if closed, err := s.closed(k.t.Context()); err != nil || closed < last {
		k.t.Errorf("in columns up to result %d of %d, %v", closed, last, err)
	}
	if err := s.Check(k.t.Context(), func(x Finding) {
		if x.Err != nil {
			k.t.Errorf("%s: %v", x.File, x.Err)
		}
	}); err != nil {
		k.t.Error(err)
	}
}

func (k *killing) compare(what string, s *Store, stored map[string]time.Time, now time.Time) {
	k.t.Helper()
	count := map[string]int{}
	for _, r := range intaketest.Results(k.t, s, intake.Filter{}) {
		count[r.ResultID]++
	}
	delete(count, "") // of those without an id each is there
	for id, n := range count {
		if n > 1 {
			k.t.Errorf("%s has %s %d times", what, id, n)
		}
	}
	for id, arrived := range stored {
		if now.Sub(arrived) <= lifeKeep && count[id] == 0 {
			k.t.Errorf("%s lost %s of %v, at %v", what, id, arrived, now)
		}
	}
}

// end compares the last backup, and sends everything once more.
func (k *killing) end() {
	k.t.Helper()
	dir := filepath.Join(k.t.TempDir(), "restored")
	file := filepath.Join(filepath.Dir(k.f.path), "backups", fmt.Sprint(k.backup))
	_, err := Restore(k.t.Context(), file, dir, func(string, int64) bool { return false }, nil, firstDay)
	if err != nil {
		k.t.Fatal(err)
	}
	s := openAt(k.t, filepath.Join(dir, storeName))
	k.compare("the backup", s, k.had, lifeNow(k.backupHour()))
	if err := s.closeHours(k.t.Context()); err != nil {
		k.t.Fatal(err)
	}
	k.compareHistory("the backup", s, k.sampled, k.backupHour())
}

// killedAtSteps kills a process at each by-th step. It returns at which ones.
func killedAtSteps(t *testing.T, old, history bool, by int) map[string]bool {
	t.Helper()
	steps := map[string]bool{}
	for n := by; ; n += by {
		k := newKilling(t, old)
		at := k.live(n, history)
		if at == "" {
			if !k.done {
				t.Fatal("it died of something else")
			}
			t.Logf("%v", steps)
			return steps
		}
		steps[at] = true
		k.live(0, false)
		k.end()
		if !k.done || t.Failed() {
			t.Fatalf("%s (step %d)", at, n)
		}
	}
}

func TestKilledProcesses(t *testing.T) {
	all := os.Getenv("VIRGO_TORTURE") != "" // make torture-store; some minutes
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("steps,old=%v", old), func(t *testing.T) {
			t.Parallel() // they wait for the disk, mostly
			by := 1
			if !all {
				by = 11
			}
			killedAtSteps(t, old, false, by)
		})
		t.Run(fmt.Sprintf("steps of the history,old=%v", old), func(t *testing.T) {
			t.Parallel() // they wait for the disk, mostly
			by, want := 1, []string{"columns written", "mark moved", "committed", "floors raised", "rows deleted"}
			switch {
			case all:
			case old:
				by, want = 53, nil
			default:
				by, want = 37, want[:3]
			}
			steps := killedAtSteps(t, old, true, by)
			for _, step := range want {
				if !steps["killed at history: "+step] {
					t.Errorf("no kill at %q", step)
				}
			}
		})
	}
	t.Run("system calls", func(t *testing.T) {
		t.Parallel()
		needStrace(t)
		kills, lives := 3, 4
		if all {
			kills, lives = 60, 20
		}
		r := rand.New(rand.NewPCG(uint64(kills), 1))
		died := 0
		for n := range kills {
			k := newKilling(t, n%2 == 1)
			for range lives {
				call := lifeCalls[r.IntN(len(lifeCalls))]
				most, files := call.most, []string(nil)
				if call.ofHistory > 0 && r.IntN(3) == 0 { // of those on its files
					file := filepath.Join(filepath.Dir(k.f.path), historyName)
					most, files = call.ofHistory, []string{"-P", file, "-P", file + "-wal", "-P", file + "-shm"}
				}
				argv := append([]string{"strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=" + call.names,
					"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call.names, 1+r.IntN(most))}, files...)
				k.live(0, false, argv...)
				if k.done || t.Failed() {
					break
				}
				died++
			}
			if !k.done {
				k.live(0, false)
			}
			k.end()
			if t.Failed() || !k.done {
				t.Fatalf("history %d", n)
			}
		}
		t.Logf("%d processes were killed", died)
		if died < kills/2 {
			t.Errorf("only %d processes were killed", died)
		}
	})
}

// lifeCalls are the system calls that change files, with about how many of each a thread makes in a life, and of those on the
// files of the history.
var lifeCalls = []struct {
	names           string
	most, ofHistory int
}{
	{"pwrite64", 200, 60}, {"fdatasync,fsync", 25, 3}, {"renameat,rename,renameat2", 4, 0}, {"unlinkat,unlink", 12, 1},
	{"ftruncate", 8, 1}, {"openat,open", 25, 6},
}

// needStrace skips a test where strace is missing or may not trace.
func needStrace(t *testing.T) {
	t.Helper()
	if out, err := exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		if os.Getenv("VIRGO_REQUIRE_SERVICES") == "1" {
			t.Fatalf("strace cannot trace here: %v %s", err, out)
		}
		t.Skipf("strace cannot trace here: %v %s", err, out)
	}
}
