package alarm

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

// failing is a store that fails now and then, before or after it stored.
type failing struct {
	watch.Alarms
	random *rand.Rand
}

var errKilled = errors.New("killed")

func (f *failing) Save(ctx context.Context, s watch.AlarmsStep) ([]int64, error) {
	switch f.random.IntN(6) {
	case 0:
		return nil, errKilled
	case 1:
		if _, err := f.Alarms.Save(ctx, s); err != nil {
			return nil, err
		}
		return nil, errKilled
	}
	return f.Alarms.Save(ctx, s)
}

// restless stores results of two hosts whose figures go up and down for hours.
func (e *endpoint) restless(t *testing.T, random *rand.Rand) {
	used := 50.0
	for range 400 {
		e.now = e.now.Add(time.Minute)
		for _, host := range []string{"web1", "host1"} {
			if random.IntN(8) == 0 {
				used = []float64{50, 92, 99}[random.IntN(3)]
			}
			change := func(r *intake.Result) {
				switch random.IntN(20) {
				case 0:
					unavailable(r)
				case 1:
					r.Late = true
				case 2:
					r.Params = []byte(`{"min_check_period":60000,"metrics":[]}`)
				}
			}
			e.store(t, host, e.result("root", "agent.filesystem", change, disk(used)...))
		}
	}
}

// quick is a rule that changes with each result, so that much happens and flaps.
const quick = `
- alarm: quick
  checks: {type: [agent.filesystem]}
  warning: last("used") > 90
  critical: last("used") > 95
  for: 2p
  clear_for: 1p
`

// Whatever the batches are, and wherever the engine is killed, the same changes are recorded and told once.
func TestSameChangesInAnyBatches(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			whole := newEndpoint(t, map[string]string{"quick.yaml": quick})
			whole.restless(t, rand.New(rand.NewPCG(seed, 1)))
			all := whole.batch(t, 0, 1_000_000)
			if err := whole.Take(t.Context(), all); err != nil {
				t.Fatal(err)
			}
			want, wantTold := whole.changes(t), says(whole.events(t))
			if len(want) < 10 {
				t.Fatalf("too little happens: %q", want)
			}
			parts := newEndpoint(t, map[string]string{"quick.yaml": quick})
			parts.Memory, parts.access, parts.control = whole.Memory, whole.access, &watchtest.Memory{}
			random := rand.New(rand.NewPCG(seed, 2))
			parts.alarms = &failing{parts.control.Alarms(), random}
			parts.now = whole.now
			parts.start(t)
			newest := all[len(all)-1].Result.Seq
			for killed := 0; parts.Cursor() < newest || killed < 5; {
				next := slices.IndexFunc(all, func(i feed.Item) bool { return i.Result.Seq > parts.Cursor() })
				if next < 0 {
					break
				}
				err := parts.Take(t.Context(), all[next:min(next+1+random.IntN(60), len(all))])
				switch {
				case errors.Is(err, errKilled) && random.IntN(2) == 0:
					killed++
					parts.start(t)
				case err != nil && !errors.Is(err, errKilled):
					t.Fatal(err)
				}
			}
			difference(t, "recorded", sorted(parts.changes(t)), sorted(want))
			difference(t, "told", sorted(says(parts.events(t))), sorted(wantTold))
		})
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

// difference names the first element in which two lists differ.
func difference(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s: %d, want %d; from the %dth on %q, want %q", what, len(got), len(want), i,
				got[i:min(i+3, len(got))], want[min(i, len(want)):min(i+3, len(want))])
			return
		}
	}
}
