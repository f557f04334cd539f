package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// An event is one step of a history. Its numbers mean what do makes of them; any numbers mean something, so
// that a history without some of its events is one as well.
type event struct {
	what string
	host int
	n    int
}

func (e event) String() string { return fmt.Sprintf("%s host=%d n=%d", e.what, e.host, e.n) }

// modelEvents are the events by how often they happen.
var modelEvents = []struct {
	what   string
	weight int
}{
	{"make", 20}, {"send", 24}, {"send, answer lost", 5}, {"send in disorder", 5}, {"send again", 8},
	{"minutes", 6}, {"hours", 6}, {"days", 6}, {"days of work", 8}, {"round", 8},
	{"endpoint's clock jumps", 2}, {"host's clock jumps", 3},
	{"snapshot", 2}, {"restore snapshot", 2}, {"state lost", 1}, {"clone", 1},
	{"reopen", 2}, {"other process", 6}, {"kill", 4}, {"backup", 1}, {"restore backup", 1}, {"disk", 1}, {"keep", 1},
	{"rows become segments", 5}, {"rename", 1},
	{"compare", 6}, {"newest", 6}, {"held", 6},
}

func randomHistory(r *rand.Rand, n int) (list []event) {
	total := 0
	for _, e := range modelEvents {
		total += e.weight
	}
	for range n {
		at := r.IntN(total)
		for _, e := range modelEvents {
			if at -= e.weight; at < 0 {
				list = append(list, event{e.what, r.IntN(6), r.IntN(40)})
				break
			}
		}
	}
	return list
}

// clockJumps are steps of clocks, most of them wrong for long.
var clockJumps = []time.Duration{
	-time.Hour, time.Hour, -40 * retention.Day, 3 * retention.Day, 40 * retention.Day, 400 * retention.Day,
	-400 * retention.Day, -time.Second,
}

// do is one event.
func (w *world) do(e event) {
	h := w.hosts[e.host%len(w.hosts)]
	switch e.what {
	case "make":
		for i := range e.n%7 + 1 {
			w.makeResult(h, e.n+i)
		}
	case "send":
		w.deliver(h, h.spool[:min(len(h.spool), e.n)])
	case "send, answer lost":
		w.send(h, h.spool[:min(len(h.spool), e.n)])
	case "send in disorder":
		list := slices.Clone(h.spool[:min(len(h.spool), e.n)])
		r := rand.New(rand.NewPCG(uint64(e.n), 1))
		r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		w.deliver(h, list)
	case "send again":
		if n := len(h.delivered); n > 0 {
			from := e.n * 7919 % n
			w.send(h, slices.DeleteFunc(slices.Clone(h.delivered[from:min(n, from+e.n)]), func(r *modelResult) bool { return r.id == "" }))
		}
	case "minutes":
		w.truth += time.Duration(e.n) * time.Minute
	case "hours":
		w.truth += time.Duration(e.n) * time.Hour
	case "days":
		w.truth += time.Duration(e.n) * retention.Day
	case "days of work":
		for i := range e.n%12 + 1 {
			w.truth += retention.Day
			w.makeResult(h, e.n+i+3)
			w.deliver(h, h.spool)
			w.round()
		}
	case "round":
		w.round()
	case "endpoint's clock jumps":
		step := clockJumps[e.n%len(clockJumps)]
		w.wall += step
		if step > 0 {
			w.ahead++
		}
	case "host's clock jumps":
		h.clock += clockJumps[e.n%len(clockJumps)]
		h.jumps++
	case "snapshot":
		h.snapshot = h.clone()
	case "restore snapshot":
		if s := h.snapshot; s != nil {
			*h = *s.clone()
			h.snapshot = s
			if e.n%2 == 0 { // what a spool does that notices it
				h.start += 100
			}
		}
	case "state lost":
		h.start, h.next, h.spool = h.start+1000, 0, nil
	case "clone":
		if len(w.hosts) < 6 {
			w.hosts = append(w.hosts, h.clone())
		}
	case "reopen":
		w.reopen()
	case "other process":
		w.turn = 1 - w.turn
	case "kill":
		w.killIn = e.n%8 + 1
	case "backup":
		w.backup()
	case "restore backup":
		w.restore()
	case "disk":
		w.full = e.n%4 == 0
	case "keep":
		w.keep = []time.Duration{30, 10, 45, 2}[e.n%4] * retention.Day
		w.bounds()
	case "rows become segments":
		w.migrate(e.n%3 == 0)
	case "rename":
		w.rename(h)
	case "compare":
		w.compare("", 0)
	case "newest":
		w.compare([]string{"", h.agent}[e.n%2], e.n%9+1)
	case "held":
		w.held(h)
	}
}

// deliver sends results, and takes them off the spool if they were acknowledged.
func (w *world) deliver(h *modelHost, list []*modelResult) {
	list = slices.Clone(list)
	if w.send(h, list) {
		h.spool = slices.DeleteFunc(h.spool, func(r *modelResult) bool { return slices.Contains(list, r) })
		h.delivered = append(h.delivered, list...)
	}
}

// clone is a copy of a host's state folder.
func (h *modelHost) clone() *modelHost {
	c := *h
	c.spool, c.delivered, c.snapshot = slices.Clone(h.spool), slices.Clone(h.delivered), nil
	return &c
}

// runHistory returns what is wrong, and what happened last.
func runHistory(t *testing.T, history []event, old bool) (failure string) {
	dir, err := os.MkdirTemp(t.TempDir(), "history")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var w *world
	defer func() {
		switch p := recover().(type) {
		case nil:
		case modelFailure:
			failure = string(p)
			if w != nil {
				failure += "\n" + strings.Join(w.log, "\n") + "\ncatalogue: " + w.states()
			}
		default:
			panic(p)
		}
		if w != nil {
			w.close()
		}
	}()
	w = newWorld(t, filepath.Clean(dir), old)
	for _, e := range history {
		w.log = append(w.log, e.String())
		w.do(e)
	}
	w.log = append(w.log, "end")
	w.full, w.killIn = false, 0
	w.migrate(true)
	for range 2 {
		w.compare("", 0)
		for _, h := range w.hosts {
			w.deliver(h, h.spool)
			w.held(h)
			w.compare(h.agent, 5)
		}
		w.round()
		w.turn = 1 - w.turn
	}
	w.compare("", 0)
	return ""
}

// shrink leaves out what is not needed for the failure, as long as runs are left.
func shrink(t *testing.T, history []event, old bool, runs int) []event {
	for size := len(history) / 2; size > 0; size /= 2 {
		for at := 0; at < len(history) && runs > 0; runs-- {
			less := slices.Delete(slices.Clone(history), at, min(at+size, len(history)))
			if runHistory(t, less, old) != "" {
				history = less
			} else {
				at += size
			}
		}
	}
	return history
}

// foundHistories are those that found something.
var foundHistories = []struct {
	what   string
	old    bool
	events []event
}{
	{"results of a segment that was being deleted when the backup was made stayed counted", false, []event{
		{"days of work", 0, 6}, {"days of work", 0, 30}, {"keep", 0, 9}, {"days", 2, 25}, {"kill", 5, 30}, {"round", 1, 11},
		{"backup", 4, 12}, {"restore backup", 5, 21},
	}},
	{"rows aged by the wall clock, however far it jumped", true, []event{{"days", 0, 28}}},
	{"a segment of rows got the number of a deleted one", true, []event{
		{"days of work", 3, 29}, {"days of work", 5, 32}, {"days of work", 4, 18}, {"rows become segments", 2, 2}, {"days of work", 2, 39},
	}},
}

func TestModel(t *testing.T) {
	for _, h := range foundHistories {
		if failure := runHistory(t, h.events, h.old); failure != "" {
			t.Errorf("%s: %s", h.what, failure)
		}
	}
	histories, until := 10, time.Time{}
	switch limit := os.Getenv("VIRGO_TORTURE"); {
	case limit != "":
		d, err := time.ParseDuration(limit)
		if err != nil {
			t.Fatalf("VIRGO_TORTURE: %v", err)
		}
		until = time.Now().Add(d)
	case os.Getenv("VIRGO_TEST") == "all":
		histories = 20
	}
	first := uint64(1)
	if !until.IsZero() {
		first = rand.Uint64() >> 16
	}
	for seed := first; seed < first+uint64(histories) || time.Now().Before(until); seed++ {
		r := rand.New(rand.NewPCG(seed, 13))
		history := randomHistory(r, 20+r.IntN(120))
		old := r.IntN(3) == 0
		if runHistory(t, history, old) == "" {
			continue
		}
		history = shrink(t, history, old, 300)
		t.Fatalf("seed %d, a store of before segments: %v: %s", seed, old, runHistory(t, history, old))
	}
}
