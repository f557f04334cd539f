//go:build unix

package torture

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Ten runs at once, each second, for a minute (less in an ordinary go test), with checks that take longer than the
// time between the runs: each check runs once per period, each result is stored once, and no run waits for another
// for longer than a second.
func TestTenRunsAtOnce(t *testing.T) {
	const atOnce = 10
	span := 24 * time.Second
	if newBudget(t, 0, 0).tryAll {
		span = time.Minute
	}
	r := newRealEndpoint(t)
	h := newWorkingHost(t, r, "concurrency: 32")
	h.inMemory()
	periods := make(map[string]int) // seconds, by check
	var text strings.Builder
	for _, kind := range []struct {
		name      string
		n, period int
		sleep     string
	}{{"slow", 6, 9, "7"}, {"medium", 6, 8, "2"}, {"quick", 6, 6, ""}} {
		for i := range kind.n {
			id := fmt.Sprint(kind.name, i)
			periods[id] = kind.period
			fmt.Fprintf(&text, "- id: %s\n  type: agent.plugin\n  period: %d\n  timeout: 20\n  details:\n    file: count.sh\n    args: %q\n", id, kind.period, kind.sleep)
		}
	}
	h.write(filepath.Join("checks.d", "all.yaml"), text.String(), 0o600)
	alone := newWorkingHost(t, r)
	alone.rename("alone")
	alone.inMemory()

	var mu sync.Mutex
	var waits, calm []time.Duration
	var bad []string
	var all sync.WaitGroup
	start := func(h *host, list *[]time.Duration) {
		all.Add(1)
		go func() {
			defer all.Done()
			e := h.run("run", "--json")
			var doc struct {
				Results []struct {
					TookMS float64 `json:"took_ms"`
				}
			}
			err := json.Unmarshal([]byte(e.out), &doc)
			own := 0.0 // they run in parallel
			for _, c := range doc.Results {
				own = max(own, c.TookMS)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil || e.code != 0 || e.errs != "" {
				bad = append(bad, fmt.Sprintf("it ended with %d (%v): %s", e.code, err, e.errs))
			}
			*list = append(*list, e.took-time.Duration(own*float64(time.Millisecond)))
		}()
	}
	began := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for time.Since(began) < span {
		for range atOnce {
			start(h, &waits)
		}
		start(alone, &calm) // which shares only the machine with the others
		<-tick.C
	}
	lasted := time.Since(began)
	all.Wait()
	for _, b := range bad {
		t.Error(b)
	}
	busy := slices.Max(calm).Seconds()                             // the delay of a run by the machine's load alone
	limit := max(slices.Max(calm)+time.Second, 3*slices.Max(calm)) // ten share what one gets otherwise
	if worst := slices.Max(waits); worst > limit {
		t.Errorf("a run waited for others: it took %s besides its own checks, one on a host of its own at most %s", worst, slices.Max(calm))
	}
	if e := h.run("flush"); e.code != 0 {
		t.Errorf("the last flush ended with %d: %s", e.code, e.errs)
	}
	if n := len(h.waiting()); n != 0 {
		t.Errorf("%d results wait in the end", n)
	}

	ran := h.ran()
	stored, ids := make(map[string]int), make(map[string]bool)
	for _, a := range r.stored() {
		if ids[a.ResultID] {
			t.Errorf("%s is stored twice", a.ResultID)
		}
		ids[a.ResultID] = true
		stored[a.CheckID]++
	}
	total := 0
	for id, period := range periods {
		times := ran[id]
		total += len(times)
		if stored[id] != len(times) {
			t.Errorf("check %s ran %d times and has %d results stored", id, len(times), stored[id])
		}
		// Runs come each second, later on a machine that is busy, a due time may be taken a sixth of the period
		// early, and the plugin reports whole seconds.
		due := int(lasted.Seconds()) / period
		if len(times) < due-1-int(busy) || len(times) > due+2 {
			t.Errorf("check %s of period %ds ran %d times in %s: %v", id, period, len(times), lasted.Round(time.Second), times)
		}
		// The first run takes a period that may be about to end: the next one's may follow at once, and as late as
		// the first lasts.
		least := float64(period)*5/6 - 2 - busy
		for i := 3; i < len(times); i++ {
			if gap := times[i] - times[i-1]; float64(gap) < least {
				t.Errorf("check %s of period %ds ran twice within %ds: %v", id, period, gap, times)
			}
		}
	}
	t.Logf("%d runs, %d checks done; besides its own checks a run took %s at most, one on a host of its own %s", len(waits), total, slices.Max(waits).Round(time.Millisecond), slices.Max(calm).Round(time.Millisecond))
	report(t, "runs-at-once", len(waits))
}

// inMemory moves the host's state to a file system in memory, where there is one, so that runs wait for other runs
// and not for this machine's disk.
func (h *host) inMemory() {
	h.t.Helper()
	const shm = "/dev/shm"
	if _, err := os.Stat(shm); err != nil {
		return
	}
	dir, err := os.MkdirTemp(shm, "virgo-torture")
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { os.RemoveAll(dir) })
	h.state = filepath.Join(dir, "state")
}

// ran returns when the plugin ran, in seconds since the epoch, by check.
func (h *host) ran() map[string][]int64 {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(h.root, "ran"))
	if err != nil {
		h.t.Fatal(err)
	}
	ran := make(map[string][]int64)
	for line := range strings.Lines(string(b)) {
		id, at, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			h.t.Fatalf("a plugin wrote %q: %v", line, err)
		}
		ran[id] = append(ran[id], n)
	}
	for _, times := range ran {
		slices.Sort(times)
	}
	return ran
}
