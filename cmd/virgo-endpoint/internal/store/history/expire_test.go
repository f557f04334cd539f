package history

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// minutely adds a result of agent0 a minute, value after value.
func minutely(t *testing.T, w *world, begin time.Time, values ...int) {
	t.Helper()
	var batch []intake.Arrival
	for i, v := range values {
		batch = append(batch, intake.Arrival{AgentID: "agent0", Access: w.access, Received: w.now, Results: []intake.Result{{
			CheckID: "c", CheckType: "t", State: "available", Time: begin.Add(time.Duration(i) * time.Minute),
			Params: fmt.Appendf(nil, `{"min_check_period":60000,"metrics":[[null,{"m":{"t":"int64","v":"%d"},"s":{"t":"string","v":"%d"}}]]}`, v, v/1000),
		}}})
	}
	if _, err := w.memory.Append(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
}

func numbers(from, n int) (list []int) {
	for i := range n {
		list = append(list, from+i)
	}
	return list
}

// summed are the points of a series by their spans: how many, of how many values, the least and the greatest.
func summed(list []intake.Point) string {
	var parts []string
	for i := 0; i < len(list); {
		first, count, n := list[i], int64(0), 0
		low, high := first.Min, first.Max
		for ; i < len(list) && list[i].Span == first.Span; i++ {
			count, n = count+list[i].Count, n+1
			if list[i].Min.Compare(low) < 0 {
				low = list[i].Min
			}
			if list[i].Max.Compare(high) > 0 {
				high = list[i].Max
			}
		}
		parts = append(parts, fmt.Sprintf("%d*%v %d %v-%v", n, first.Span, count, low, high))
	}
	return strings.Join(parts, ", ")
}

// What is deleted is read from coarser roll-ups, and what comes late after that is merged into them.
func TestExpire(t *testing.T) {
	w := newWorld(t, 1)
	w.now = time.UnixMilli(1_700_000_000_000).UTC().Truncate(24 * time.Hour).Add(96 * time.Hour)
	day := func(n int) time.Time { return w.now.AddDate(0, 0, n-4) }
	h := openTest(t, filepath.Join(t.TempDir(), "history.db"))
	source := arrivals{w.memory}
	for n := range 4 {
		minutely(t, w, day(n), numbers(10_000*n, 120)...)
	}
	advance := func() {
		t.Helper()
		if err := h.Advance(t.Context(), source, source.last(t), nil); err != nil {
			t.Fatal(err)
		}
	}
	want := func(step time.Duration, want string) {
		t.Helper()
		q := intake.SeriesQuery{AgentID: "agent0", CheckID: "c", Metric: "m", Step: step}
		if got := summed(pointsOf(t, h, source, q)); got != want {
			t.Errorf("%v: %s, want %s", step, got, want)
		}
	}
	advance()
	want(intake.EveryResult, "480*0s 480 0-30119")
	if err := h.Expire(t.Context(), Floors{Columns: day(3), Minutes: day(2), Hours: day(1)}, nil); err != nil {
		t.Fatal(err)
	}
	check := func(late int64, least int) {
		t.Helper()
		for step, all := range map[time.Duration]string{
			intake.EveryResult: "1*24h0m0s %d %d-119, 2*1h0m0s %d %d-10119, 24*5m0s %d %d-20119, 120*0s 120 30000-30119",
			intake.FiveMinutes: "1*24h0m0s %d %d-119, 2*1h0m0s %d %d-10119, 48*5m0s %[7]d %[6]d-30119",
			intake.Hourly:      "1*24h0m0s %d %d-119, 6*1h0m0s %[8]d %[4]d-30119",
			intake.Daily:       "4*24h0m0s %[9]d %[2]d-30119",
		} {
			want(step, strings.Split(fmt.Sprintf(all, 120+late, least, 120+late, 10_000+least, 120+late, 20_000+least,
				240+late, 360+2*late, 480+3*late), "%!(EXTRA")[0])
		}
	}
	check(0, 0)
	for n := range 3 { // late
		minutely(t, w, day(n).Add(30*time.Minute), numbers(10_000*n-3, 3)...)
	}
	check(3, -3)
	advance()
	check(3, -3)
	advance()
	check(3, -3)
	// Floors do not fall, and a bound that is not reached deletes nothing.
	if err := h.Expire(t.Context(), Floors{Columns: day(1)}, nil); err != nil {
		t.Fatal(err)
	}
	check(3, -3)
	texts := pointsOf(t, h, source, intake.SeriesQuery{AgentID: "agent0", CheckID: "c", Metric: "s"})
	if len(texts) != 1 || texts[0].Text != "30" || texts[0].Count != 120 {
		t.Errorf("texts: %+v", texts)
	}
}

// A damaged row costs what it has: the rest is read, named as damaged, and goes on.
func TestDamagedRows(t *testing.T) {
	for _, table := range []string{"columns", "minutes", "hours", "days", "series"} {
		t.Run(table, func(t *testing.T) {
			w := newWorld(t, 1)
			w.now = time.UnixMilli(1_700_000_000_000).UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
			h := openTest(t, filepath.Join(t.TempDir(), "history.db"))
			source := arrivals{w.memory}
			minutely(t, w, w.now.Add(-2*time.Hour), numbers(0, 120)...)
			if err := h.Advance(t.Context(), source, source.last(t), nil); err != nil {
				t.Fatal(err)
			}
			if _, err := h.write.Exec("UPDATE " + table + " SET data = substr(data, 1, length(data) - 1) || x'fe' WHERE rowid = (SELECT min(rowid) FROM " + table + ")"); err != nil {
				t.Fatal(err)
			}
			if r, err := h.Verify(t.Context()); err != nil || r.Damaged != 1 || !strings.Contains(r.First, "table "+table) {
				t.Errorf("%+v, %v", r, err)
			}
			minutely(t, w, w.now.Add(-2*time.Hour), 500)
			if err := h.Advance(t.Context(), source, source.last(t), nil); err != nil {
				t.Fatal(err)
			}
			for step, want := range map[time.Duration]map[string]string{
				intake.EveryResult: {"columns": "61*0s 61 60-500", "series": "1*0s 1 500-500", "": "121*0s 121 0-500"},
				intake.Daily:       {"series": "1*24h0m0s 1 500-500", "": "1*24h0m0s 121 0-500"},
				intake.Hourly:      {"series": "1*1h0m0s 1 500-500", "": "2*1h0m0s 121 0-500"},
			} {
				var list []intake.Point
				err := h.Points(t.Context(), source, 0, intake.SeriesQuery{CheckID: "c", Metric: "m", Step: step},
					func(p intake.Point) error { list = append(list, p); return nil })
				if err != nil && !errors.Is(err, intake.ErrDamaged) || err == nil && table == "columns" && step == intake.EveryResult {
					t.Errorf("%v: %v", step, err)
				}
				expected := want[table]
				if expected == "" {
					expected = want[""]
				}
				if got := summed(list); got != expected {
					t.Errorf("%v: %s, want %s", step, got, expected)
				}
			}
		})
	}
}

// A file of a later version, and one that is no history, are not touched.
func TestOpenOthers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	h := openTest(t, path)
	for pragma, want := range map[string]error{"user_version = 2": ErrNewer, "application_id = 7": intake.ErrDamaged} {
		if _, err := h.write.Exec("PRAGMA user_version = 1; PRAGMA " + pragma); err != nil {
			t.Fatal(err)
		}
		if h, err := Open(t.Context(), path); !errors.Is(err, want) {
			if err == nil {
				h.Close()
			}
			t.Errorf("%s: %v", pragma, err)
		}
	}
}

// Series that are made up are bounded, and what is left out is counted.
func TestMadeUpSeries(t *testing.T) {
	w := newWorld(t, 1)
	h := openTest(t, filepath.Join(t.TempDir(), "history.db"))
	source := arrivals{w.memory}
	for hour := range 6 {
		var entries []string
		for i := range MaxSeriesPerHour + 100 {
			entries = append(entries, fmt.Sprintf(`"m%d-%d":{"t":"int64","v":"1"}`, hour, i))
		}
		made := w.now.Add(time.Duration(hour) * time.Hour).Truncate(time.Millisecond)
		for _, params := range []string{`{"metrics":[[null,{` + strings.Join(entries, ",") + `}]]}`, `{"metrics":[["` + strings.Repeat("x", MaxNameBytes+1) + `",{"m":{"t":"int64","v":"1"}}]]}`} {
			_, err := w.memory.Append(t.Context(), []intake.Arrival{{AgentID: "agent0", Access: w.access, Received: made, Results: []intake.Result{{
				CheckID: "c", CheckType: "t", State: "available", Time: made, Params: []byte(params)}}}})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := h.Advance(t.Context(), source, source.last(t), nil); err != nil {
			t.Fatal(err)
		}
	}
	r, err := h.Verify(t.Context())
	if err != nil || r.Damaged != 0 || r.Lost != 6*101 {
		t.Errorf("%+v, %v", r, err)
	}
	list, err := h.Series(t.Context(), source, 0)
	if err != nil || len(list) > MaxSeries || len(list) < MaxSeries-10 {
		t.Errorf("%d series, %v", len(list), err)
	}
}
