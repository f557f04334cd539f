package intaketest

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A PlotStore is what RunPlots tests together.
type PlotStore interface {
	Store
	intake.PlotHistory
}

// RunPlots tests an implementation of [intake.PlotHistory]. create makes an empty store.
func RunPlots(t *testing.T, create func(t *testing.T) PlotStore) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s PlotStore, access intake.Access)
	}{
		{"ManySeries", testManySeries},
		{"Errors", testPlotErrors},
		{"Late", testLate},
		{"LateIsBounded", testLateBounded},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := create(t)
			_, _, access := NewToken(t, s)
			test.run(t, s, access)
		})
	}
}

func ref(check, dimension, metric string) intake.SeriesRef {
	return intake.SeriesRef{CheckID: check, Dimension: dimension, Metric: metric}
}

// Many series together have the points that each has alone, whatever the step and the span.
func testManySeries(t *testing.T, s PlotStore, access intake.Access) {
	var batch []intake.Arrival
	for i := range 300 {
		after := time.Duration(i) * 7 * time.Minute
		if i%50 > 40 {
			continue // a gap
		}
		one := sample(access, "cpu", after, metric{"", "usage", "double", fmt.Sprint(float64(i) / 4), "percent"}, metric{"", "model", "string", fmt.Sprint(i / 30), ""})
		one.Results[0].Late = i%20 == 3
		batch = append(batch, one)
		if i%3 == 0 {
			batch = append(batch, sample(access, "net", after, metric{"eth0", "rx", "uint64", fmt.Sprint(i * 1000), "bytes"}, metric{"lo", "rx", "uint64", "1", "bytes"}))
		}
	}
	put(t, s, batch...)
	series := []intake.SeriesRef{ref("net", "lo", "rx"), ref("cpu", "", "usage"), ref("none", "", "m"), ref("net", "eth0", "rx"), ref("cpu", "", "model"),
		ref("cpu", "", "none"), ref("cpu", "", "usage")} // one twice
	for _, step := range []time.Duration{intake.EveryResult, intake.FiveMinutes, intake.Hourly, intake.Daily} {
		for _, span := range [][2]time.Duration{{}, {5 * time.Hour, 20*time.Hour + 3*time.Minute}, {30 * time.Hour, 300 * time.Hour}} {
			q := intake.PlotQuery{AgentID: "a", Series: series, Step: step}
			if span[1] > 0 {
				q.From, q.To = epoch.Add(span[0]), epoch.Add(span[1])
			}
			got := make([][]intake.Point, len(series))
			if err := s.EachPoint(t.Context(), q, func(i int, p intake.Point) error { got[i] = append(got[i], p); return nil }); err != nil {
				t.Fatal(err)
			}
			for i, one := range series {
				var want []intake.Point
				err := s.Points(t.Context(), intake.SeriesQuery{AgentID: "a", CheckID: one.CheckID, Dimension: one.Dimension, Metric: one.Metric,
					From: q.From, To: q.To, Step: step}, func(p intake.Point) error { want = append(want, p); return nil })
				if err != nil && !errors.Is(err, intake.ErrNoSeries) {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(got[i], want) {
					t.Errorf("step %v, %v of %v: %d points, want %d", step, span, one, len(got[i]), len(want))
				}
			}
		}
	}
}

func testPlotErrors(t *testing.T, s PlotStore, access intake.Access) {
	put(t, s, sample(access, "c", 0, metric{"", "m", "int64", "1", ""}), sample(access, "c", time.Minute, metric{"", "m", "int64", "1", ""}))
	all := func(int, intake.Point) error { return nil }
	if err := s.EachPoint(t.Context(), intake.PlotQuery{AgentID: "b"}, all); !errors.Is(err, intake.ErrNoAgent) {
		t.Errorf("an unknown agent: %v", err)
	}
	if _, err := s.Late(t.Context(), "b", "", epoch, epoch.Add(time.Hour)); !errors.Is(err, intake.ErrNoAgent) {
		t.Errorf("an unknown agent: %v", err)
	}
	if err := s.EachPoint(t.Context(), intake.PlotQuery{AgentID: "a"}, all); err != nil {
		t.Errorf("no series: %v", err)
	}
	stop, calls := errors.New("stop"), 0
	q := intake.PlotQuery{AgentID: "a", Series: []intake.SeriesRef{ref("c", "", "m")}}
	if err := s.EachPoint(t.Context(), q, func(int, intake.Point) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func testLate(t *testing.T, s PlotStore, access intake.Access) {
	offset := int64(-90 * time.Second / time.Millisecond)
	var batch []intake.Arrival
	for i := range 400 { // an outage of 20 minutes in the first hour, and one over three hours
		after := time.Duration(i) * time.Minute
		one := sample(access, "c", after, metric{"", "m", "int64", "1", ""})
		one.Results[0].ClockOffsetMS = &offset
		one.Results[0].Time = one.Received.Add(90 * time.Second)
		back := time.Duration(0)
		switch {
		case i >= 10 && i < 30:
			back = 30 * time.Minute
		case i >= 100 && i < 280:
			back = 280 * time.Minute
		}
		if back > 0 {
			one.Received, one.Results[0].Late = epoch.Add(back+time.Duration(i)*time.Second), true
		}
		batch = append(batch, one)
		if i%10 == 0 {
			batch = append(batch, sample(access, "d", after, metric{"", "m", "int64", "1", ""}))
		}
	}
	put(t, s, batch...)
	late := func(check string, from, to time.Duration) string {
		t.Helper()
		spans, err := s.Late(t.Context(), "a", check, epoch.Add(from), epoch.Add(to))
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, one := range spans {
			list = append(list, fmt.Sprintf("%v-%v %d %v-%v", one.From.Sub(epoch), one.To.Sub(epoch), one.Count, one.FirstArrived.Sub(epoch), one.LastArrived.Sub(epoch)))
		}
		return strings.Join(list, ", ")
	}
	for _, test := range []struct {
		check    string
		from, to time.Duration
		want     string
	}{
		{"c", 0, 400 * time.Minute, "10m0s-29m0s 20 30m10s-30m29s, 1h40m0s-4h39m0s 180 4h41m40s-4h44m39s"},
		{"c", 15 * time.Minute, 20 * time.Minute, "15m0s-19m0s 5 30m15s-30m19s"},
		{"c", 30 * time.Minute, time.Hour, ""},
		{"c", -100 * 24 * time.Hour, 12 * time.Minute, "10m0s-11m0s 2 30m10s-30m11s"},
		{"d", 0, 400 * time.Minute, ""},
		{"none", 0, 400 * time.Minute, ""},
		{"c", time.Hour, 0, ""},
	} {
		if got := late(test.check, test.from, test.to); got != test.want {
			t.Errorf("%s from %v to %v: %s, want %s", test.check, test.from, test.to, got, test.want)
		}
	}
	// Of all checks together, those that came in time are between.
	if got := late("", 0, 25*time.Minute); got != "10m0s-19m0s 10 30m10s-30m19s, 20m0s-24m0s 5 30m20s-30m24s" {
		t.Error(got)
	}
}

func testLateBounded(t *testing.T, s PlotStore, access intake.Access) {
	var batch []intake.Arrival
	for i := range 2*intake.MaxLateSpans + 10 {
		one := sample(access, "c", time.Duration(i)*time.Second)
		one.Results[0].Late = i%2 == 0
		batch = append(batch, one)
	}
	put(t, s, batch...)
	spans, err := s.Late(t.Context(), "a", "c", epoch, epoch.Add(24*time.Hour))
	if err != nil || len(spans) != intake.MaxLateSpans || !spans[0].From.Equal(epoch) {
		t.Errorf("%d spans, %v", len(spans), err)
	}
}
