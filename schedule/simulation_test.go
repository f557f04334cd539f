package schedule

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// simulated is how long the simulations run.
const simulated = 30 * 24 * time.Hour

var simulationStart = time.Date(2026, 3, 2, 7, 0, 0, 0, time.UTC)

var simulatedPeriods = []time.Duration{30 * time.Second, time.Minute, 90 * time.Second, 5 * time.Minute, 24 * time.Hour}

// A tick is one start of a run by cron.
type tick struct {
	real    time.Duration // elapsed since the start of the simulation
	wall    time.Time     // as this host's clock shows it
	stretch int           // the number of disturbances before it
}

// A disturbance begins at an elapsed time: ticks are skipped for a while, or the clock is set.
type disturbance struct {
	at   time.Duration
	skip time.Duration
	set  time.Duration
}

// ticks returns the starts of runs by cron: one each minute of the wall clock, 0 to 3 s late.
func ticks(rng *rand.Rand, disturbances []disturbance) []tick {
	var out []tick
	var offset time.Duration // wall clock minus real
	stretch := 0
	var quiet time.Duration // no ticks before
	for real := time.Duration(0); real < simulated; {
		for stretch < len(disturbances) && disturbances[stretch].at <= real {
			d := disturbances[stretch]
			offset += d.set
			quiet = d.at + d.skip
			stretch++
		}
		wall := simulationStart.Add(real + offset)
		minute := wall.Truncate(time.Minute)
		if minute.Before(wall) {
			minute = minute.Add(time.Minute)
		}
		real += minute.Sub(wall)
		jitter := time.Duration(rng.Int64N(3001)) * time.Millisecond
		if real >= quiet {
			out = append(out, tick{real + jitter, minute.Add(jitter), stretch})
		}
		real += 30 * time.Second // into the next minute
	}
	return out
}

// covered returns the elapsed time with ticks between the disturbances.
func covered(disturbances []disturbance) []time.Duration {
	var out []time.Duration
	var from time.Duration
	for _, d := range disturbances {
		out = append(out, d.at-from)
		from = d.at + d.skip
	}
	return append(out, simulated-from)
}

var month = []disturbance{
	{at: 2*24*time.Hour + 13*time.Second, skip: time.Minute},                   // one tick
	{at: 4 * 24 * time.Hour, skip: 7 * time.Minute},                            // a reboot
	{at: 6*24*time.Hour + 1234*time.Second, set: time.Hour},                    // set forward
	{at: 9 * 24 * time.Hour, set: -time.Hour},                                  // and back
	{at: 12 * 24 * time.Hour, set: -time.Hour - 17*time.Second},                // back first
	{at: 15*24*time.Hour + 30*time.Second, set: time.Hour + 17*time.Second},    // and forward
	{at: 18 * 24 * time.Hour, skip: 9*time.Hour + 20*time.Minute},              // a laptop that slept
	{at: 21 * 24 * time.Hour, skip: 3 * 24 * time.Hour},                        // a long weekend
	{at: 26 * 24 * time.Hour, set: -56 * 365 * 24 * time.Hour},                 // 1970
	{at: 26*24*time.Hour + 10*time.Minute, set: 56 * 365 * 24 * time.Hour},     // and NTP
	{at: 28 * 24 * time.Hour, set: -3 * time.Second},                           // a step
	{at: 28*24*time.Hour + 2*time.Hour, set: 3*time.Second + time.Millisecond}, // and another
}

func simulatedSchedule() Schedule {
	var s Schedule
	for _, p := range simulatedPeriods {
		s.Checks = append(s.Checks, Check{ID: "every " + p.String(), Type: "agent.cpu", Period: p, Timeout: DefaultTimeout})
	}
	return s
}

// ideal is how often a check runs in a duration without disturbances: once a tick at most.
func ideal(span, period time.Duration) float64 {
	return float64(span) / float64(max(period, time.Minute))
}

// TestThirtyDays runs Claim and Finish for every tick of cron.
func TestThirtyDays(t *testing.T) {
	for _, c := range []struct {
		name         string
		disturbances []disturbance
	}{{"undisturbed", nil}, {"disturbed", month}} {
		for agent := range 2 {
			t.Run(fmt.Sprintf("%s/agent %d", c.name, agent), func(t *testing.T) {
				t.Parallel()
				name := fmt.Sprintf("host-%d", agent)
				rng := rand.New(rand.NewPCG(uint64(agent), 1))
				all := ticks(rng, c.disturbances)
				st, s := newMemory(), simulatedSchedule()
				counts := make(map[string][]int)
				for _, check := range s.Checks {
					counts[check.ID] = make([]int, len(c.disturbances)+1)
				}
				for _, tick := range all {
					claimed, err := Claim(st, name, s, tick.wall, func(c Check) time.Duration { return c.Timeout })
					if err != nil {
						t.Fatal(err)
					}
					for _, cl := range claimed {
						counts[cl.Check.ID][tick.stretch]++
					}
					if err := Finish(st, claimed, tick.wall.Add(time.Duration(rng.IntN(20_000))*time.Millisecond)); err != nil {
						t.Fatal(err)
					}
				}
				spans := covered(c.disturbances)
				for _, check := range s.Checks {
					checkCounts(t, check.ID, check.Period, counts[check.ID], spans, len(all))
				}
			})
		}
	}
}

// checkCounts checks the number of runs, in each stretch between disturbances and in total. It may
// differ by one for each disturbance, the start included, and by one for the ends of a stretch. A
// check that is due at least once a minute runs with every tick.
func checkCounts(t *testing.T, id string, period time.Duration, counts []int, spans []time.Duration, allTicks int) {
	t.Helper()
	const ends = 1
	total, wantTotal := 0, 0.0
	for i, n := range counts {
		want := ideal(spans[i], period)
		total, wantTotal = total+n, wantTotal+want
		if math.Abs(float64(n)-want) > 1+ends {
			t.Errorf("%s: %d runs in stretch %d of %s, want %.2f", id, n, i, spans[i], want)
		}
	}
	if math.Abs(float64(total)-wantTotal) > float64(len(spans)+ends) {
		t.Errorf("%s: %d runs, want %.2f to within one for each of %d disturbances", id, total, wantTotal, len(spans)-1)
	}
	if period <= time.Minute && total != allTicks {
		t.Errorf("%s: %d runs in %d ticks, want one each", id, total, allTicks)
	}
}

// TestThirtyDaysOfEveryPhase does the same over many phases, without a store between the runs.
func TestThirtyDaysOfEveryPhase(t *testing.T) {
	for seed := range uint64(2) {
		rng := rand.New(rand.NewPCG(seed, 2))
		for _, disturbances := range [][]disturbance{nil, month} {
			all := ticks(rng, disturbances)
			spans := covered(disturbances)
			for _, period := range simulatedPeriods {
				for step := range int64(15) {
					check := Check{Period: period}
					g := check.grid("")
					g.phase = (step*g.period/15 + rng.Int64N(1000)) / 1000 * 1000 % g.period
					counts := make([]int, len(spans))
					var slot int64
					ran := false
					for _, tick := range all {
						now := tick.wall.UnixMilli()
						point, due := g.next(ran, slot, now)
						if !due {
							continue
						}
						if early := point - now; early > g.slack {
							t.Fatalf("period %s phase %d: point %d taken %d ms early", period, g.phase, point, early)
						}
						if (point-g.phase)%g.period != 0 {
							t.Fatalf("period %s phase %d: %d is off the grid", period, g.phase, point)
						}
						slot, ran = point, true
						counts[tick.stretch]++
					}
					checkCounts(t, fmt.Sprintf("period %s phase %d ms", period, g.phase), period, counts, spans, len(all))
				}
			}
		}
	}
}

// Without disturbances no grid point is taken twice, none is skipped, and none is more than a tick
// late. Only the first run may be a point behind: it takes the point before it, and the next tick's
// run may take two.
func TestGridPointsAreTakenOnce(t *testing.T) {
	all := ticks(rand.New(rand.NewPCG(7, 7)), nil)
	for _, period := range simulatedPeriods[1:] { // one of 30 s has two points a tick
		for phase := int64(0); phase < period.Milliseconds(); phase += max(1000, period.Milliseconds()/15000*1000) {
			check := Check{Period: period}
			g := check.grid("")
			g.phase = phase
			slot, _ := g.next(false, 0, all[0].wall.UnixMilli())
			behind := true
			for _, tick := range all[1:] {
				now := tick.wall.UnixMilli()
				point, due := g.next(true, slot, now)
				if !due {
					continue
				}
				if behind && point == slot+2*g.period {
					behind, slot = false, point
					continue
				}
				if point != slot+g.period {
					t.Fatalf("period %s phase %d: from point %d to %d", period, phase, slot, point)
				}
				if late := now - point; late > 60_000+3_000 {
					t.Fatalf("period %s phase %d: %d ms late", period, phase, late)
				}
				slot = point
			}
		}
	}
}
