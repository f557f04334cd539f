package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
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
// changes a file. It lives through days: results arrive, segments begin and are sealed, deleted, backed up, and
// rows of a store of before become segments.

const (
	lifeVariable = "VIRGO_STORE_LIFE"
	lifeDays     = 6
	lifeEach     = 3
	lifeKeep     = 2 * retention.Day
)

// A life is what a process is to do.
type life struct {
	Path  string
	Day   int               // the first one
	Order map[string]uint64 // the last order of each agent that was acknowledged
	Kill  int               // the step that it dies at; 0: none
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
	m := Maintenance{Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: func() time.Time { return f.now }}
	for day := l.Day; day < lifeDays; day++ {
		f.now = firstDay.Add(time.Duration(day) * retention.Day)
		for _, agent := range agents {
			last := f.order[agent]
			list := f.results(agent, lifeEach)
			if last > 0 { // a copy, of which the answer was lost
				list = append(list, f.result(agent, last, f.now))
			}
			if _, err := f.send(agent, list); err != nil {
				t.Fatal(err)
			}
			fmt.Println("stored", agent, last+1, f.order[agent])
		}
		for {
			p, err := f.s.moveOn(t.Context(), f.now)
			if err != nil {
				t.Fatal(err)
			}
			if p.Done {
				break
			}
		}
		unlock, err := f.s.becomeMaintainer()
		if err != nil {
			t.Fatal(err)
		}
		if err := f.s.upkeep(t.Context(), &m, &state{}); err != nil {
			t.Fatal(err)
		}
		unlock()
		if day%2 == 0 {
			fmt.Println("day", day)
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

// A killing runs lives until one ends by itself.
type killing struct {
	t      *testing.T
	f      *hosts // its agents and what was acknowledged
	day    int
	stored map[string]int // the day on which a result was acknowledged
	backup int            // the day of the last backup, -1 if there is none
	had    map[string]int // what was stored then
	done   bool
}

func newKilling(t *testing.T, old bool) *killing {
	k := &killing{t: t, stored: map[string]int{}, backup: -1}
	if old {
		k.f = tableOf(t, 3, "web1", "web2")
		for id := range k.f.acked {
			k.stored[id] = int(retention.DayOf(k.f.made[id]) - retention.DayOf(firstDay))
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

// live starts a process that dies at a step, or is started by a program (strace) that kills it. It returns the
// line about the step.
func (k *killing) live(step int, by ...string) (killedAt string) {
	k.t.Helper()
	text, err := json.Marshal(life{k.f.path, k.day, k.f.order, step})
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
				r := k.f.result(agent, n, firstDay)
				k.stored[r.ResultID] = k.day
			}
			k.f.order[agent] = to
		case "day":
			k.day++
		case "backup":
			if _, err := fmt.Sscan(rest, &k.backup); err != nil {
				k.t.Fatal(err)
			}
			k.had = map[string]int{}
			for id, day := range k.stored {
				k.had[id] = day
			}
			k.day = k.backup + 1
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
	k.compare("the store", s, k.stored, k.day)
	if !k.done {
		return // a file without a row of the catalogue may be left
	}
	if err := s.Check(k.t.Context(), func(x Finding) {
		if x.Err != nil {
			k.t.Errorf("%s: %v", x.File, x.Err)
		}
	}); err != nil {
		k.t.Error(err)
	}
}

func (k *killing) compare(what string, s *Store, stored map[string]int, day int) {
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
		if time.Duration(day-arrived)*retention.Day <= lifeKeep && count[id] == 0 {
			k.t.Errorf("%s lost %s of day %d, on day %d", what, id, arrived, day)
		}
	}
}

// end compares the last backup, and sends everything once more.
func (k *killing) end() {
	k.t.Helper()
	dir := filepath.Join(k.t.TempDir(), "restored")
	file := filepath.Join(filepath.Dir(k.f.path), "backups", fmt.Sprint(k.backup))
	_, err := Restore(k.t.Context(), file, dir, func(string, int64) bool { return false }, firstDay)
	if err != nil {
		k.t.Fatal(err)
	}
	s := openAt(k.t, filepath.Join(dir, storeName))
	k.compare("the backup", s, k.had, k.backup)
}

func TestKilledProcesses(t *testing.T) {
	all := os.Getenv("VIRGO_TORTURE") != "" // make torture-store; some minutes
	for _, old := range []bool{false, true} {
		t.Run(fmt.Sprintf("steps,old=%v", old), func(t *testing.T) {
			steps := map[string]bool{}
			by := 1
			if !all {
				by = 11
			}
			for n := by; ; n += by {
				k := newKilling(t, old)
				at := k.live(n)
				if at == "" {
					if !k.done {
						t.Fatal("it died of something else")
					}
					break
				}
				steps[at] = true
				k.live(0)
				k.end()
				if !k.done || t.Failed() {
					t.Fatalf("%s (step %d)", at, n)
				}
			}
			t.Logf("%v", steps)
		})
	}
	t.Run("system calls", func(t *testing.T) {
		needStrace(t)
		kills := 3
		if all {
			kills = 60
		}
		r := rand.New(rand.NewPCG(uint64(kills), 1))
		died := 0
		for n := range kills {
			k := newKilling(t, n%2 == 1)
			for range 20 {
				call := []string{"pwrite64", "fdatasync,fsync", "renameat,rename,renameat2", "unlinkat,unlink", "ftruncate", "openat"}[r.IntN(6)]
				when := 1 + r.IntN(map[bool]int{true: 200, false: 25}[call == "pwrite64"])
				k.live(0, "strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace="+call,
					"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, when))
				if k.done || t.Failed() {
					break
				}
				died++
			}
			if !k.done {
				k.live(0)
			}
			k.end()
			if t.Failed() || !k.done {
				t.Fatalf("history %d", n)
			}
		}
		t.Logf("%d processes were killed", died)
		if died < kills {
			t.Errorf("only %d processes were killed", died)
		}
	})
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
