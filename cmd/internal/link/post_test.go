package link

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"virgo/collect"
	"virgo/spool"
)

// A posted result is what an endpoint reads of it.
type posted struct {
	ResultID string  `json:"result_id"`
	Order    *uint64 `json:"order"`
	Late     *bool   `json:"late"`
	AgeMS    *int64  `json:"age_ms"`
	CheckID  string  `json:"check_id"`
	Status   string  `json:"status"`
}

func TestPostSaysLateAndAge(t *testing.T) {
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
		b := Post(spool.Record{ID: "w/1-2", Order: 7, Made: r.Time, Data: r.AppendJSON(nil)}, now)
		var got posted
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%s: %v in %s", name, err, b)
		}
		if got.ResultID != "w/1-2" || got.Order == nil || *got.Order != 7 ||
			got.CheckID != r.CheckID || got.Status != r.Status {
			t.Errorf("%s: %s", name, b)
		}
		if tc.late != (got.Late != nil) || tc.late != (got.AgeMS != nil) ||
			tc.late && (!*got.Late || *got.AgeMS != tc.age.Milliseconds()) {
			t.Errorf("%s: %s", name, b)
		}
		n := testing.AllocsPerRun(10, func() {
			Post(spool.Record{ID: "w/1-2", Order: 1<<64 - 1, Made: r.Time, Data: b}, now)
		})
		if n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestPeriodMS(t *testing.T) {
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

// Results that were never appended have no place in the spool's order.
func TestPostWithoutOrder(t *testing.T) {
	b := Post(spool.Record{ID: "a/1-m0", Data: []byte(`{"x":1}`)}, time.Now())
	if strings.Contains(string(b), "order") || !json.Valid(b) {
		t.Errorf("%s", b)
	}
}

// BenchmarkPost is what a result costs when it is sent.
func BenchmarkPost(b *testing.B) {
	r := collect.Result{
		CheckID: "fs", CheckType: "agent.filesystem", State: collect.Available, Status: "success",
		Time: time.Unix(1e9, 0), MinCheckPeriod: time.Minute,
	}
	for range 40 {
		r.Metrics = append(r.Metrics,
			collect.Metric{Dimension: "/", Name: "bytes", Type: collect.Uint64, Value: "123456"})
	}
	record := spool.Record{
		ID: "web-1-1a2b3c4d/0123456789abcdef-1f", Order: 31, Made: r.Time, Data: r.AppendJSON(nil),
	}
	now := r.Time.Add(time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		Post(record, now)
	}
}
