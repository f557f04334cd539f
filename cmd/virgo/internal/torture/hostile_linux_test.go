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
	// hostileDeadline is that of the runs under attack, and hostileGrace what the machine may add to it.
	hostileDeadline = 4 * time.Second
	hostileGrace    = 2 * time.Second
	// hostileMemory is what an endpoint may cost, over a run with a calm one.
	hostileMemory = 16 << 20
	// hostileDisk is what the state may come to, the results of two runs included.
	hostileDisk = 8 << 20
	// atOnce is how many attacks are made side by side: they mostly wait.
	atOnce = 8
)

// The endpoint does its worst to the real virgo, as cron starts it and again with --verbose. Whatever it does,
// the run ends in time with a code of the contract, stays small, shows neither secrets nor what a terminal would
// obey, touches nothing outside its state, and no result is lost; when the endpoint is good again,
// everything is delivered, once.
func TestHostileEndpoints(t *testing.T) {
	tricks := slices.Concat(tlsTricks(), frameTricks(), helloTricks(), answerTricks(), requestTricks(), scheduleTricks())
	launcher := buildLauncher(t)
	draw := draws(t)
	draw.Shuffle(len(tricks), func(i, j int) { tricks[i], tricks[j] = tricks[j], tricks[i] })
	calm := trick{name: "a calm endpoint", act: func(c *talk) { c.serve(nil) }}
	first := newVictim(t, launcher, calm)
	first.attack(t)
	base, files := first.peak, first.stateFiles(t)
	first.recover(t)
	limit := newBudget(t, 20*time.Second, 10) // where VIRGO_TORTURE is set, all are tried: they are minutes
	t.Logf("with a calm endpoint a run's peak is %.1f MiB", float64(base)/(1<<20))
	var (
		turn  = make(chan bool, atOnce)
		wg    sync.WaitGroup
		mu    sync.Mutex
		worst = make(map[string]int64) // bytes more than with a calm endpoint
		busy  = make(map[string]time.Duration)
		late  []trick
		names = make(map[string]bool)
	)
	try := func(t *testing.T, k trick, alone bool) {
		v := newVictim(t, launcher, k)
		v.patient = !alone
		v.attack(t)
		if v.peak > base+hostileMemory {
			t.Errorf("peak memory %.1f MiB, with a calm endpoint %.1f MiB", float64(v.peak)/(1<<20), float64(base)/(1<<20))
		}
		for name := range v.stateFiles(t) {
			if !files[name] {
				t.Errorf("a file in the state that was never there: %s", name)
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
			t.Errorf("two tricks are called %q", k.name)
		}
		names[k.name] = true
		wg.Go(func() {
			turn <- true
			defer func() { <-turn }()
			if limit.whole || limit.left() || i < atOnce {
				t.Run(k.name, func(t *testing.T) { try(t, k, false) })
			}
		})
	}
	wg.Wait()
	for _, k := range slices.Clone(late) {
		t.Run(k.name+", alone", func(t *testing.T) { try(t, k, true) })
	}
	for _, name := range most(worst) {
		t.Logf("%+.1f MiB: %s", float64(worst[name])/(1<<20), name)
	}
	for _, name := range most(busy) {
		t.Logf("%v of processor time: %s", busy[name].Round(time.Millisecond), name)
	}
	if len(tricks) < 50 {
		t.Errorf("only %d ways to be wrong", len(tricks))
	}
	report(t, "hostile-endpoints", len(worst))
}

// most names the five largest.
func most[T ~int64](of map[string]T) []string {
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
