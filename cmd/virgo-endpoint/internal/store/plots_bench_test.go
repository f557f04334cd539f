package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const benchSeries = 100

// yearOf is a store with a year of a host with benchSeries series, in columns and roll-ups. Its results are an hour apart but
// for the last two days, in which they are a minute apart.
func yearOf(b *testing.B) (s *Store, q intake.PlotQuery, end time.Time) {
	b.Helper()
	f := newHosts(b, "web1")
	end = f.now.Truncate(24 * time.Hour)
	at := end.Add(-365 * 24 * time.Hour)
	n := 0
	result := func() intake.Result {
		var metrics []string
		for m := range benchSeries {
			metrics = append(metrics, fmt.Sprintf(`"m%d":{"t":"double","v":"%d.5"}`, m, (n*(m+1))%1000))
		}
		n++
		f.order["web1"]++
		r := f.result("web1", f.order["web1"], at)
		r.CheckID = "c"
		r.Params = []byte(`{"check_id":"c","min_check_period":60000,"metrics":[[null,{` + strings.Join(metrics, ",") + `}]]}`)
		return r
	}
	for at.Before(end) {
		step := time.Hour
		if end.Sub(at) <= 48*time.Hour {
			step = time.Minute
		}
		var list []intake.Result
		for day := at.Add(24 * time.Hour); at.Before(day); at = at.Add(step) {
			list = append(list, result())
		}
		f.now = at
		if _, err := f.send("web1", list); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.s.closeHours(b.Context()); err != nil {
		b.Fatal(err)
	}
	q = intake.PlotQuery{AgentID: "web1", To: end}
	for m := range benchSeries {
		q.Series = append(q.Series, intake.SeriesRef{CheckID: "c", Metric: fmt.Sprint("m", m)})
	}
	return f.s, q, end
}

// What the page of a host asks for: all series together, and as a comparison one after the other.
func BenchmarkPlots(b *testing.B) {
	s, q, end := yearOf(b)
	for _, view := range []struct {
		name string
		span time.Duration
		step time.Duration
	}{
		{"Year", 365 * 24 * time.Hour, intake.Daily},
		{"Month", 30 * 24 * time.Hour, intake.Hourly},
		{"TwoDays", 48 * time.Hour, intake.FiveMinutes},
		{"HalfDay", 12 * time.Hour, intake.EveryResult},
	} {
		q.From, q.Step = end.Add(-view.span), view.step
		b.Run(view.name+"/Together", func(b *testing.B) {
			points := 0
			for b.Loop() {
				points = 0
				if err := s.EachPoint(b.Context(), q, func(int, intake.Point) error { points++; return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(points), "points")
		})
		b.Run(view.name+"/Alone", func(b *testing.B) {
			for b.Loop() {
				for _, one := range q.Series {
					err := s.Points(b.Context(), intake.SeriesQuery{AgentID: "web1", CheckID: "c", Metric: one.Metric, From: q.From, To: q.To, Step: q.Step},
						func(intake.Point) error { return nil })
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
