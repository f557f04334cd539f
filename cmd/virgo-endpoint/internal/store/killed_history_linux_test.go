package store

import (
	"fmt"
	"maps"
	"math"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
)

// lifeAges is how long before it is sent each result of an hour was made: in this hour, in one that has columns, and in one of
// which only the roll-ups are left, or soon will be.
var lifeAges = [lifeEach]time.Duration{0, time.Hour, lifeKeep + 12*time.Hour}

// lifeParams has the metric of a result: its order.
func lifeParams(order uint64) []byte {
	return fmt.Appendf(nil, `{"check_id":"c","min_check_period":60000,"metrics":[[null,{"m":{"t":"int64","v":"%d"}}]]}`, order)
}

// A sample is the metric of a result.
type sample struct {
	agent, check string
	at           time.Time
	value        int64
}

func (k *killing) sample(agent string, r *intake.Result) {
	k.samples[r.ResultID] = sample{agent, r.CheckID, r.PlaceInTime(), int64(*r.Order)}
}

// A span is one of a metric that has a point; step is 0 for that of one result.
type span struct {
	agent, check string
	step         time.Duration
	start        int64 // ms
}

func (s *sample) span(step time.Duration) span {
	return span{s.agent, s.check, step, s.at.Truncate(step).UnixMilli()}
}

// sums are what a point says.
type sums struct{ count, sum, min, max int64 }

func (s *sums) add(v int64) {
	if s.count == 0 {
		s.min, s.max = v, v
	}
	s.count, s.sum, s.min, s.max = s.count+1, s.sum+v, min(s.min, v), max(s.max, v)
}

// compareHistory fails if the history says anything else than the samples, before an hour.
func (k *killing) compareHistory(what string, s *Store, samples map[string]sample, hour int) {
	k.t.Helper()
	steps := []time.Duration{intake.FiveMinutes, intake.Hourly, intake.Daily}
	want, series := map[span]sums{}, map[span]bool{}
	for _, x := range samples {
		series[span{agent: x.agent, check: x.check}] = true
		for _, step := range steps {
			one := want[x.span(step)]
			one.add(x.value)
			want[x.span(step)] = one
		}
	}
	got, days := map[span]sums{}, map[span]bool{}
	for of := range series {
		q := intake.SeriesQuery{AgentID: of.agent, CheckID: of.check, Metric: "m"}
		for _, q.Step = range append(steps, intake.EveryResult) {
			for _, p := range intaketest.Points(k.t, s, q) {
				at := span{of.agent, of.check, p.Span, p.Time.UnixMilli()}
				if q.Step == intake.EveryResult && p.Span > 0 {
					continue // its columns are deleted
				}
				if _, ok := got[at]; ok || p.Span != q.Step {
					k.t.Errorf("%s has two points %+v, or one of another step than %v", what, at, q.Step)
				}
				if p.Span == 0 {
					days[span{at.agent, at.check, 0, int64(retention.DayOf(p.Time))}] = true
				}
				low, _ := p.Min.Int()
				high, _ := p.Max.Int()
				got[at] = sums{p.Count, int64(math.Round(p.Mean * float64(p.Count))), low, high}
			}
		}
	}
	// Where a day has columns, each result is in them.
	floor := retention.DayOf(lifeNow(hour).Add(-lifeKeep))
	for _, x := range samples {
		day := retention.DayOf(x.at)
		if day >= floor || days[span{x.agent, x.check, 0, int64(day)}] {
			want[x.span(0)] = sums{1, x.value, x.value, x.value}
		}
	}
	if maps.Equal(got, want) {
		return
	}
	wrong := 0
	all := maps.Clone(want)
	maps.Copy(all, got)
	for at := range all {
		if got[at] == want[at] {
			continue
		}
		if wrong++; wrong > 5 {
			k.t.Errorf("… and more")
			return
		}
		k.t.Errorf("%s: the history has %+v of %s, %s, %v from %v on; want %+v", what, got[at], at.agent, at.check, at.step,
			time.UnixMilli(at.start).UTC(), want[at])
	}
}
