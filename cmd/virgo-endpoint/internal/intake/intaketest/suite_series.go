package intaketest

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// A SeriesStore is what RunSeries tests together.
type SeriesStore interface {
	Store
	intake.SeriesHistory
}

// RunSeries tests an implementation of [intake.SeriesHistory]. create makes an empty store.
func RunSeries(t *testing.T, create func(t *testing.T) SeriesStore) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, s SeriesStore, access intake.Access)
	}{
		{"List", testSeriesList},
		{"Values", testSeriesValues},
		{"PlaceInTime", testSeriesPlace},
		{"Steps", testSeriesSteps},
		{"Gaps", testSeriesGaps},
		{"Texts", testSeriesTexts},
		{"Errors", testSeriesErrors},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := create(t)
			_, _, access := NewToken(t, s)
			test.run(t, s, access)
		})
	}
}

// A metric is one in the params of a result.
type metric struct{ dimension, name, typ, value, unit string }

// sample is a result of agent a with metrics, made that long after [epoch] and received at once.
func sample(access intake.Access, check string, after time.Duration, metrics ...metric) intake.Arrival {
	a := arrival(access, "a", "")
	var list []string
	for _, m := range metrics {
		dimension := "null"
		if m.dimension != "" {
			dimension = fmt.Sprintf("%q", m.dimension)
		}
		list = append(list, fmt.Sprintf(`[%s,{%q:{"t":%q,"v":%q,"u":%q}}]`, dimension, m.name, m.typ, m.value, m.unit))
	}
	a.Received = epoch.Add(after)
	r := &a.Results[0]
	r.CheckID, r.Time = check, a.Received
	r.Params = fmt.Appendf(nil, `{"min_check_period":60000,"metrics":[%s]}`, strings.Join(list, ","))
	return a
}

// Points lists the points of a series.
func Points(t testing.TB, s intake.SeriesHistory, q intake.SeriesQuery) []intake.Point {
	t.Helper()
	var list []intake.Point
	if err := s.Points(t.Context(), q, func(p intake.Point) error { list = append(list, p); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

func testSeriesList(t *testing.T, s SeriesStore, access intake.Access) {
	put(t, s,
		sample(access, "net", 0, metric{"lo", "rx", "int64", "1", "bytes"}, metric{"eth0", "rx", "int64", "1", "bytes"}, metric{"", "up", "string", "yes", ""}),
		sample(access, "cpu", 0, metric{"", "usage", "double", "1.5", "percent"}),
		sample(access, "cpu", 48*time.Hour, metric{"", "usage", "gauge", "1.5", "percent"}))
	list, err := s.Series(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, one := range list {
		got = append(got, fmt.Sprint(one.CheckID, " ", one.CheckType, " ", one.Dimension, ":", one.Metric, " ", one.Type, " ", one.Unit,
			" ", one.First.UTC().Format("02"), "-", one.Last.UTC().Format("02")))
	}
	if want := "cpu agent.cpu :usage gauge percent 14-16|net agent.cpu :up string  14-14|" +
		"net agent.cpu eth0:rx int64 bytes 14-14|net agent.cpu lo:rx int64 bytes 14-14"; strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}

// Every number comes back as it was sent.
func testSeriesValues(t *testing.T, s SeriesStore, access intake.Access) {
	values := [][2]string{
		{"int64", "-9223372036854775808"}, {"uint64", "18446744073709551615"}, {"int64", "9223372036854775807"}, {"double", "0.1"}, {"double", "-1e-300"},
		{"double", "1.7976931348623157e308"}, {"double", "0.30000000000000004"}, {"gauge", "9007199254740993"}, {"bool", "true"}, {"bool", "false"}, {"double", "12.50"},
	}
	for i, v := range values {
		put(t, s, sample(access, "c", time.Duration(i)*time.Minute, metric{"", "m", v[0], v[1], ""}))
	}
	points := Points(t, s, intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m"})
	if len(points) != len(values) {
		t.Fatalf("%d points of %d", len(points), len(values))
	}
	for i, p := range points {
		want, _ := intake.ParseValue(values[i][0], values[i][1])
		if p.Min != want || p.Max != want || p.Mean != want.Float() || p.Count != 1 || p.Span != 0 ||
			!p.Time.Equal(epoch.Add(time.Duration(i)*time.Minute)) {
			t.Errorf("%v: %+v", values[i], p)
		}
	}
}

// Late results stand where they were made; a clock that is wrong is corrected, within bounds.
func testSeriesPlace(t *testing.T, s SeriesStore, access intake.Access) {
	offset, huge := int64(-1000), int64(math.MinInt64)
	at := func(value int, made, received time.Duration, offset *int64, late bool) intake.Arrival {
		a := sample(access, "c", received, metric{"", "m", "int64", fmt.Sprint(value), ""})
		a.Results[0].Time, a.Results[0].ClockOffsetMS, a.Results[0].Late = epoch.Add(made), offset, late
		return a
	}
	const day = 24 * time.Hour
	put(t, s,
		at(1, 0, 0, nil, false),
		at(2, time.Hour, time.Minute, nil, false), // not later than it arrived
		at(3, -40*day, 2*time.Minute, nil, true),
		at(4, -8000*day, 3*time.Minute, nil, true), // not earlier than two years before
		at(5, 4*time.Minute, 4*time.Minute, &offset, false),
		at(6, 5*time.Minute, 5*time.Minute, &huge, false))
	var got []string
	for _, p := range Points(t, s, intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m"}) {
		got = append(got, fmt.Sprint(p.Min, "@", p.Time.Sub(epoch), " ", p.Late))
	}
	if want := "4@-17519h57m0s true|3@-960h0m0s true|1@0s false|2@1m0s false|5@3m59s false|6@5m0s false"; strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}

func testSeriesSteps(t *testing.T, s SeriesStore, access intake.Access) {
	var batch []intake.Arrival
	begin := epoch.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(epoch)
	for i := range 180 {
		batch = append(batch, sample(access, "c", begin+time.Duration(i)*time.Minute, metric{"", "m", "int64", fmt.Sprint(i), ""}))
	}
	put(t, s, batch...)
	for _, test := range []struct {
		step   time.Duration
		points int
		first  string
	}{
		{intake.EveryResult, 180, "0 0 0 1"},
		{intake.FiveMinutes, 36, "0 4 2 5"},
		{intake.Hourly, 3, "0 59 29.5 60"},
		{intake.Daily, 1, "0 179 89.5 180"},
	} {
		points := Points(t, s, intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m", Step: test.step})
		if len(points) != test.points {
			t.Errorf("%v: %d points, want %d", test.step, len(points), test.points)
			continue
		}
		p := points[0]
		if got := fmt.Sprintf("%v %v %.3g %d", p.Min, p.Max, p.Mean, p.Count); got != test.first || p.Span != test.step ||
			!p.Time.Equal(epoch.Add(begin)) {
			t.Errorf("%v: %s at %v, want %s", test.step, got, p.Time, test.first)
		}
	}
	from := epoch.Add(begin + 7*time.Minute)
	for step, want := range map[time.Duration]int{intake.EveryResult: 10, intake.FiveMinutes: 3, intake.Hourly: 1} {
		q := intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m", Step: step, From: from, To: from.Add(10 * time.Minute)}
		if points := Points(t, s, q); len(points) != want {
			t.Errorf("%v of ten minutes: %d points, want %d", step, len(points), want)
		}
	}
}

func testSeriesGaps(t *testing.T, s SeriesStore, access intake.Access) {
	for _, minute := range []int{0, 1, 2, 5, 6, 7, 30} {
		m := []metric{{"", "m", "int64", "1", ""}}
		if minute == 6 {
			m = nil // unavailable
		}
		put(t, s, sample(access, "c", time.Duration(minute)*time.Minute, m...))
	}
	for step, want := range map[time.Duration]string{intake.EveryResult: "0 1 2 5! 7! 30!", intake.FiveMinutes: "-3 2 7 27!"} {
		var got []string
		for _, p := range Points(t, s, intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m", Step: step}) {
			mark := ""
			if p.Gap {
				mark = "!"
			}
			got = append(got, fmt.Sprint(math.Round(p.Time.Sub(epoch).Minutes()), mark))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v: %v, want %s", step, got, want)
		}
	}
}

// A series of texts has a point for each change.
func testSeriesTexts(t *testing.T, s SeriesStore, access intake.Access) {
	long := strings.Repeat("ä", intake.MaxTextBytes)
	for i, text := range []string{"up", "up", "down", "", "", "up", long} {
		put(t, s, sample(access, "c", time.Duration(i)*time.Minute, metric{"d", "m", "string", text, ""}))
	}
	var got []string
	for _, p := range Points(t, s, intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m", Dimension: "d", Step: intake.Hourly}) {
		got = append(got, fmt.Sprintf("%v+%v %d %q", p.Time.Sub(epoch), p.Span, p.Count, p.Text[:min(len(p.Text), 4)]))
		if len(p.Text) > intake.MaxTextBytes {
			t.Errorf("%d bytes", len(p.Text))
		}
	}
	if want := `0s+1m0s 2 "up"|2m0s+0s 1 "down"|3m0s+1m0s 2 ""|5m0s+0s 1 "up"|6m0s+0s 1 "ää"`; strings.Join(got, "|") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "|"), want)
	}
}

func testSeriesErrors(t *testing.T, s SeriesStore, access intake.Access) {
	put(t, s, sample(access, "c", 0, metric{"d", "m", "int64", "1", ""}), sample(access, "c", time.Minute, metric{"d", "m", "int64", "1", ""}))
	if _, err := s.Series(t.Context(), "b"); !errors.Is(err, intake.ErrNoAgent) {
		t.Errorf("Series of an unknown agent: %v", err)
	}
	all := func(q intake.SeriesQuery) error {
		return s.Points(t.Context(), q, func(intake.Point) error { return nil })
	}
	if err := all(intake.SeriesQuery{AgentID: "b", CheckID: "c", Metric: "m", Dimension: "d"}); !errors.Is(err, intake.ErrNoAgent) {
		t.Errorf("an unknown agent: %v", err)
	}
	for _, q := range []intake.SeriesQuery{
		{AgentID: "a", CheckID: "c", Metric: "m"},
		{AgentID: "a", CheckID: "c", Metric: "n", Dimension: "d"},
		{AgentID: "a", CheckID: "d", Metric: "m", Dimension: "d"},
	} {
		if err := all(q); !errors.Is(err, intake.ErrNoSeries) {
			t.Errorf("%+v: %v", q, err)
		}
	}
	stop, calls := errors.New("stop"), 0
	q := intake.SeriesQuery{AgentID: "a", CheckID: "c", Metric: "m", Dimension: "d"}
	if err := s.Points(t.Context(), q, func(intake.Point) error { calls++; return stop }); !errors.Is(err, stop) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
