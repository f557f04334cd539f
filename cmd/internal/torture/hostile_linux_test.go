package torture

import (
	"cmp"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

const (
	// hostileDeadline is the deadline of the runs under attack, and hostileGrace what a busy machine may add to it.
	hostileDeadline = 4 * time.Second
	hostileGrace    = 2 * time.Second
	// hostileMemory is the memory that an endpoint may cost, in bytes more than a well-behaved one.
	hostileMemory = 16 << 20
	// hostileDisk is the largest size of the state in bytes, with the results of two runs.
	hostileDisk = 8 << 20
	// atOnce is how many attacks run in parallel: they mostly wait.
	atOnce = 8
)

// A hostile endpoint attacks the real virgo, as cron starts it and again with --verbose. Whatever it does, the run
// ends in time with a documented exit code, stays small, prints neither secrets nor terminal control sequences, changes
// nothing outside its state, and loses no result; when the endpoint behaves well again, everything is delivered once.
func TestHostileEndpoints(t *testing.T) {
	tricks := slices.Concat(tlsAttacks(), ticketAttacks(), frameAttacks(), helloAttacks(), answerAttacks(), multiAttacks(), requestAttacks(), scheduleAttacks())
	launcher := buildLauncher(t)
	draw := seededRandom(t)
	draw.Shuffle(len(tricks), func(i, j int) { tricks[i], tricks[j] = tricks[j], tricks[i] })
	calm := attack{name: "a well-behaved endpoint", behave: func(c *hostileConn) { c.serve(nil) }}
	first := newAttackedHost(t, launcher, calm)
	first.runUnderAttack(t)
	base, files := first.peak, first.stateFiles(t)
	first.recover(t)
	limit := newBudget(t, 20*time.Second, 10) // where VIRGO_TORTURE is set, all are tried, which takes minutes
	t.Logf("with a well-behaved endpoint a run's peak is %.1f MiB", float64(base)/(1<<20))
	var (
		turn  = make(chan bool, atOnce)
		wg    sync.WaitGroup
		mu    sync.Mutex
		worst = make(map[string]int64) // bytes more than with a well-behaved endpoint
		busy  = make(map[string]time.Duration)
		late  []attack
		names = make(map[string]bool)
	)
	try := func(t *testing.T, k attack, alone bool) {
		v := newAttackedHost(t, launcher, k)
		v.lateAllowed = !alone
		v.runUnderAttack(t)
		if v.peak > base+hostileMemory {
			t.Errorf("peak memory %.1f MiB, with a well-behaved endpoint %.1f MiB", float64(v.peak)/(1<<20), float64(base)/(1<<20))
		}
		for name := range v.stateFiles(t) {
			if !files[name] {
				t.Errorf("an unexpected file in the state: %s", name)
			}
		}
		if v.disk > hostileDisk {
			t.Errorf("the state has %d bytes", v.disk)
		}
		v.recover(t)
		mu.Lock()
		defer mu.Unlock()
		worst[k.name] = v.peak - base
		busy[k.name] = v.cpu
		if v.late {
			late = append(late, k)
		}
	}
	for i, k := range tricks {
		if names[k.name] {
			t.Errorf("two attacks have the name %q", k.name)
		}
		names[k.name] = true
		wg.Go(func() {
			turn <- true
			defer func() { <-turn }()
			if limit.tryAll || limit.timeLeft() || i < atOnce {
				t.Run(k.name, func(t *testing.T) { try(t, k, false) })
			}
		})
	}
	wg.Wait()
	for _, k := range slices.Clone(late) {
		t.Run(k.name+", alone", func(t *testing.T) { try(t, k, true) })
	}
	for _, name := range largest(worst) {
		t.Logf("%+.1f MiB: %s", float64(worst[name])/(1<<20), name)
	}
	for _, name := range largest(busy) {
		t.Logf("%v of processor time: %s", busy[name].Round(time.Millisecond), name)
	}
	if len(tricks) < 50 {
		t.Errorf("only %d attacks", len(tricks))
	}
	report(t, "hostile-endpoints", len(worst))
}

// largest returns the names of the five largest.
func largest[T ~int64](of map[string]T) []string {
	names := slices.SortedFunc(maps.Keys(of), func(a, b string) int { return cmp.Compare(of[b], of[a]) })
	return names[:min(5, len(names))]
}

func buildLauncher(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "launch")
	build := exec.Command("go", "build", "-o", path, "./testdata/launch")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	return path
}
