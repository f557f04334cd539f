package chart

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// steady is a history in which each series has a point a day. What the store takes is measured by its BenchmarkPlots.
type steady struct {
	intake.PlotHistory
	series []intake.Series
}

func (s steady) Series(context.Context, string) ([]intake.Series, error) { return s.series, nil }

func (s steady) EachPoint(_ context.Context, q intake.PlotQuery, fn func(int, intake.Point) error) error {
	for i := range q.Series {
		for d := range 365 {
			v := float64((d * (i + 7)) % 97)
			err := fn(i, intake.Point{Time: q.From.AddDate(0, 0, d+1), Span: intake.Daily, Count: 1440, Mean: v,
				Min: intake.FloatValue(v / 2), Max: intake.FloatValue(v * 2), Late: d%50 == 0, Gap: d%70 == 0})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// BenchmarkPlotsYear makes the document of a host with 100 series and a year of history, without reading the store.
func BenchmarkPlotsYear(b *testing.B) {
	h := newHost(b)
	h.put(post{"agent.cpu", "cpu", 1, "usage_average=1 percent", false})
	s := steady{PlotHistory: h.memory}
	for i := range 100 {
		s.series = append(s.series, intake.Series{CheckID: fmt.Sprint("c", i/10), CheckType: "agent.plugin", Metric: fmt.Sprint("m", i%10), Type: "double", First: epoch.AddDate(-2, 0, 0), Last: epoch})
	}
	h.History = s
	size := 0
	for b.Loop() {
		doc, err := h.Plots(b.Context(), Query{AgentID: "web1", From: epoch.Add(-365 * 24 * time.Hour), To: epoch, More: true})
		if err != nil || len(doc.Plots) != 100 {
			b.Fatal(len(doc.Plots), err)
		}
		data, err := json.Marshal(doc)
		if err != nil {
			b.Fatal(err)
		}
		size = len(data)
	}
	b.ReportMetric(float64(size), "bytes")
}
