package history

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
)

// A world makes random results of some agents: fresh ones, late ones, of clocks that are wrong, with metrics that
// come and go.
type world struct {
	rand   *rand.Rand
	memory *intaketest.Memory
	access intake.Access
	now    time.Time
}

var worldAgents = []string{"agent0", "agent1", "web2"} // numbers 0, 1, 2

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{rand: rand.New(rand.NewPCG(seed, 1)), memory: &intaketest.Memory{}, now: time.UnixMilli(1_700_000_000_123)}
	_, _, w.access = intaketest.NewToken(t, w.memory)
	return w
}

// values of each metric, in a form of its own.
func (w *world) value(metric int) (typ, text string) {
	r := w.rand
	switch metric {
	case 0:
		return "int64", fmt.Sprint(int64(r.Uint64()) >> r.IntN(64))
	case 1:
		return "uint64", fmt.Sprint(r.Uint64() >> r.IntN(64))
	case 2:
		return "double", fmt.Sprintf("%.*f", r.IntN(7), r.Float64()*1000)
	case 3:
		return "double", fmt.Sprint(math.Float64frombits(r.Uint64() &^ (1 << 62)))
	case 4:
		return "string", []string{"up", "down", "", strings.Repeat("ü", 200)}[r.IntN(4)]
	case 5:
		return "gauge", fmt.Sprint(r.IntN(3) * 4096)
	}
	return "bool", fmt.Sprint(r.IntN(2) == 0)
}

// result adds a result of an agent.
func (w *world) result(t *testing.T) {
	t.Helper()
	r := w.rand
	w.now = w.now.Truncate(time.Millisecond)
	made := w.now
	late := r.IntN(4) == 0
	if late {
		made = made.Add(-time.Duration(r.Int64N(int64(40 * 24 * time.Hour))))
		if r.IntN(2) == 0 { // not far back: in an hour that has columns already
			made = w.now.Add(-time.Duration(r.Int64N(int64(3 * time.Hour))))
		}
	}
	var entries []string
	for metric := range 7 {
		if r.IntN(6) == 0 {
			continue
		}
		typ, text := w.value(metric)
		dimension := []string{"null", `"d"`}[r.IntN(2)]
		entries = append(entries, fmt.Sprintf(`[%s,{"m%d":{"t":%q,"v":%q,"u":"u"}}]`, dimension, metric, typ, text))
		if r.IntN(10) == 0 { // twice in one result: the first counts
			entries = append(entries, fmt.Sprintf(`[%s,{"m%d":{"t":%q,"v":"1","u":"u"}}]`, dimension, metric, typ))
		}
	}
	if r.IntN(10) == 0 {
		entries = nil
	}
	params := fmt.Sprintf(`{"check_id":"c","min_check_period":60000,"metrics":[%s]}`, strings.Join(entries, ","))
	if r.IntN(8) == 0 {
		params = strings.ReplaceAll(params, "{", "{ ") // no template
	}
	made = made.Truncate(time.Millisecond)
	res := intake.Result{CheckID: fmt.Sprint("c", r.IntN(2)), CheckType: "t", State: "available", Time: made, Late: late, Params: []byte(params)}
	if r.IntN(5) == 0 {
		offset := r.Int64N(10_000) - 5000
		res.ClockOffsetMS = &offset
	}
	if r.IntN(50) == 0 {
		res.Time = time.UnixMilli(r.Int64N(4e12) - 1e12)
	}
	arrival := intake.Arrival{AgentID: worldAgents[r.IntN(len(worldAgents))], Access: w.access, Received: w.now, Results: []intake.Result{res}}
	if _, err := w.memory.Append(t.Context(), []intake.Arrival{arrival}); err != nil {
		t.Fatal(err)
	}
}

var errKilled = errors.New("killed")

// interrupted is arrivals that break off after some results.
type interrupted struct {
	arrivals
	left *int
}

func (i interrupted) Each(ctx context.Context, from, to, after int64, fn func(int64, *intake.Result) error) error {
	return i.arrivals.Each(ctx, from, to, after, func(agent int64, r *intake.Result) error {
		if *i.left--; *i.left < 0 {
			return errKilled
		}
		return fn(agent, r)
	})
}

// Over random histories, with results that come late, interruptions at any place and files that are opened again, the
// points are those of the plain results.
func TestAgainstModel(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWorld(t, seed)
			path := filepath.Join(t.TempDir(), "history.db")
			h := openTest(t, path)
			h.batch = 1
			source := arrivals{w.memory}
			for range 6 {
				for range 10 + w.rand.IntN(60) {
					w.result(t)
					w.now = w.now.Add(time.Duration(w.rand.Int64N(int64(4 * time.Minute))))
				}
				left := w.rand.IntN(80)
				err := h.Advance(t.Context(), interrupted{source, &left}, source.last(t)-w.rand.Int64N(8), nil)
				if err != nil && !errors.Is(err, errKilled) {
					t.Fatal(err)
				}
				if w.rand.IntN(2) == 0 {
					h = openTest(t, path)
					h.batch = 1
				}
				comparePoints(t, w, h)
			}
			if err := h.Advance(t.Context(), source, source.last(t), nil); err != nil {
				t.Fatal(err)
			}
			comparePoints(t, w, h)
			if closed, err := h.Closed(t.Context()); err != nil || closed != source.last(t) {
				t.Errorf("closed %d of %d, %v", closed, source.last(t), err)
			}
			if r, err := h.Verify(t.Context()); err != nil || r.Damaged != 0 || r.Rows == 0 || r.Lost != 0 {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// comparePoints compares all series with those of the plain results.
func comparePoints(t *testing.T, w *world, h *History) {
	t.Helper()
	source := arrivals{w.memory}
	for _, agent := range worldAgents {
		series, err := w.memory.Series(t.Context(), agent)
		if errors.Is(err, intake.ErrNoAgent) {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		got, err := h.Series(t.Context(), source, numberOf(agent))
		if err != nil || fmt.Sprint(got) != fmt.Sprint(series) {
			t.Errorf("%s:\n%v\nwant\n%v, %v", agent, got, series, err)
		}
		for _, s := range series {
			q := intake.SeriesQuery{AgentID: agent, CheckID: s.CheckID, Metric: s.Metric, Dimension: s.Dimension}
			q.Step = []time.Duration{intake.EveryResult, intake.FiveMinutes, intake.Hourly, intake.Daily}[w.rand.IntN(4)]
			if w.rand.IntN(2) == 0 {
				q.From = w.now.Add(-time.Duration(w.rand.Int64N(int64(50 * 24 * time.Hour)))).Truncate(time.Millisecond)
				q.To = q.From.Add(time.Duration(w.rand.Int64N(int64(50 * 24 * time.Hour)))).Truncate(time.Millisecond)
			}
			compareSeries(t, q, pointsOf(t, h, source, q), intaketest.Points(t, w.memory, q))
		}
	}
}

func pointsOf(t *testing.T, h *History, source Arrivals, q intake.SeriesQuery) (list []intake.Point) {
	t.Helper()
	err := h.Points(t.Context(), source, numberOf(q.AgentID), q, func(p intake.Point) error { list = append(list, p); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func compareSeries(t *testing.T, q intake.SeriesQuery, got, want []intake.Point) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%+v: %d points, want %d\n%v\n%v", q, len(got), len(want), got, want)
	}
	for i := range got {
		g, w := got[i], want[i]
		near := math.Abs(g.Mean/2-w.Mean/2) <= (w.Max.Float()/2-w.Min.Float()/2)/10_000
		g.Mean, g.Time, w.Mean, w.Time = 0, g.Time.UTC(), 0, w.Time.UTC()
		if g != w || !near {
			t.Fatalf("%+v: point %d is\n%+v, want\n%+v", q, i, got[i], want[i])
		}
	}
}
