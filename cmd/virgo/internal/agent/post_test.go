package agent

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/spool"
	"virgo/transport/transporttest"
)

// A posted is what an endpoint reads of a post.
type posted struct {
	ResultID string  `json:"result_id"`
	Order    *uint64 `json:"order"`
	Late     *bool   `json:"late"`
	AgeMS    *int64  `json:"age_ms"`
	CheckID  string  `json:"check_id"`
	Status   string  `json:"status"`
}

func TestAResultThatIsSentLateSaysSo(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, tc := range map[string]struct {
		age, period time.Duration
		late        bool
	}{
		"news":                      {0, time.Minute, false},
		"just in time":              {time.Minute, time.Minute, false},
		"a moment late":             {time.Minute + time.Millisecond, time.Minute, true},
		"a month late":              {720 * time.Hour, time.Minute, true},
		"a long period":             {23 * time.Hour, 24 * time.Hour, false},
		"made in the future":        {-time.Hour, time.Minute, false},
		"made in 1970":              {56 * 365 * 24 * time.Hour, time.Minute, true},
		"a check without a period":  {time.Hour, 0, false},
		"the longest period of all": {time.Hour, 1<<63 - 1, false},
	} {
		r := collect.Result{
			CheckID: `a,"min_check_period":1,"late":true`, CheckType: "t", State: collect.Available,
			Status: `,"min_check_period":0`, Time: now.Add(-tc.age), MinCheckPeriod: tc.period,
			Metrics: []collect.Metric{{Name: "min_check_period", Type: collect.Int64, Value: "1"}},
		}
		b := post(spool.Record{ID: "w/1-2", Order: 7, Made: r.Time, Data: r.AppendJSON(nil)}, now)
		var got posted
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v in %s", name, err, b)
		}
		if got.ResultID != "w/1-2" || got.Order == nil || *got.Order != 7 || got.CheckID != r.CheckID || got.Status != r.Status {
			t.Errorf("%s: %s", name, b)
		}
		if tc.late != (got.Late != nil) || tc.late != (got.AgeMS != nil) || tc.late && (!*got.Late || *got.AgeMS != tc.age.Milliseconds()) {
			t.Errorf("%s: %s", name, b)
		}
		if n := testing.AllocsPerRun(10, func() { post(spool.Record{ID: "w/1-2", Order: 1<<64 - 1, Made: r.Time, Data: b}, now) }); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestAPeriodIsReadOrIsNone(t *testing.T) {
	for object, want := range map[string]int64{
		`{}`:                                 0,
		`{"a":1}`:                            0,
		`{"a":1,"min_check_period":`:         0,
		`{"a":1,"min_check_period":null}`:    0,
		`{"a":1,"min_check_period":-5}`:      0,
		`{"a":1,"min_check_period":60000}`:   60_000,
		`{"a":1,"min_check_period":60000.5}`: 60_000,
		`{"a":1,"min_check_period":` + strings.Repeat("9", 400) + `}`: 9_999_999_999_999_999,
	} {
		if got := periodMS([]byte(object)); got != want {
			t.Errorf("%.60s: %d, want %d", object, got, want)
		}
	}
}

// What waited out an outage comes with its order and its age; this run's own result is news.
func TestOrderAndAgeAreSaidWhenItIsSent(t *testing.T) {
	b := newBench(t, transporttest.Script{Features: modern, Schedule: checks("a")})
	b.run()
	b.endpoint.Set(away)
	for range 3 {
		b.clock = b.clock.Add(time.Minute)
		b.run()
	}
	b.clock = b.clock.Add(time.Minute)
	b.endpoint.Set(transporttest.Script{Features: modern, Schedule: checks("a")})
	b.run()
	var ages []int64
	var orders []uint64
	for _, s := range b.endpoint.Stored()[1:] {
		var p posted
		if err := json.Unmarshal(s.Params, &p); err != nil || p.Order == nil {
			t.Fatalf("%s: %v", s.Params, err)
		}
		orders = append(orders, *p.Order)
		age := int64(0)
		if p.AgeMS != nil {
			age = *p.AgeMS
		}
		ages = append(ages, age/60_000)
	}
	if len(orders) != 4 || orders[0] <= orders[3] || orders[1] >= orders[2] || orders[2] >= orders[3] {
		t.Errorf("orders %v: the news first, then the oldest first", orders)
	}
	// The last but one was made a minute ago: a minute is its period.
	if len(ages) != 4 || ages[0] != 0 || ages[1] != 3 || ages[2] != 2 || ages[3] != 0 {
		t.Errorf("ages in minutes %v", ages)
	}
}

// Results that the disk did not take have no place in its order, and say none.
func TestResultsThatWereNeverKeptSayNoOrder(t *testing.T) {
	if b := post(spool.Record{ID: "a/1-m0", Data: []byte(`{"x":1}`)}, time.Now()); strings.Contains(string(b), "order") || !json.Valid(b) {
		t.Errorf("%s", b)
	}
}

// BenchmarkPost is what a result costs on its way out.
func BenchmarkPost(b *testing.B) {
	r := collect.Result{CheckID: "fs", CheckType: "agent.filesystem", State: collect.Available, Status: "success", Time: time.Unix(1e9, 0), MinCheckPeriod: time.Minute}
	for range 40 {
		r.Metrics = append(r.Metrics, collect.Metric{Dimension: "/", Name: "bytes", Type: collect.Uint64, Value: "123456"})
	}
	record := spool.Record{ID: "web-1-1a2b3c4d/0123456789abcdef-1f", Order: 31, Made: r.Time, Data: r.AppendJSON(nil)}
	now := r.Time.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		post(record, now)
	}
}
