package collect

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseResultReadsForeignAgents(t *testing.T) {
	r, err := ParseResult([]byte(`{"result_id":"x","check_id":12,"state":null,"status":"","timestamp":"1700000000000",
		"min_check_period":6e4,"metrics":[[null,{"b":{"t":"int32","v":7,"x":{}},"a":{"t":"uint64","v":"0xFF","u":null},
		"on":{"t":"bool","v":true}}],["",{}],["d",{"s":{"t":"string","v":"0xFF"}}]]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Result{
		CheckID: "12", Time: time.UnixMilli(1700000000000), MinCheckPeriod: time.Minute,
		Metrics: []Metric{
			{Name: "b", Type: Int32, Value: "7"},
			{Name: "a", Type: Uint64, Value: "255"},
			{Name: "on", Type: Bool, Value: "true"},
			{Dimension: "d", Name: "s", Type: String, Value: "0xFF"},
		},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	for _, empty := range []string{`{}`, `{"metrics":null}`, `{"metrics":[]}`, `null`} {
		if r, err := ParseResult([]byte(empty)); err != nil || r.Metrics != nil {
			t.Errorf("%s: %+v, %v", empty, r, err)
		}
	}
}

func TestParseResultRefuses(t *testing.T) {
	many := `{"metrics":[[null,{`
	for i := range MaxMetrics + 1 {
		many += fmt.Sprintf(`%q:{},`, fmt.Sprint(i))
	}
	many = strings.TrimSuffix(many, ",") + `}]]}`
	for _, bad := range []string{
		``, `[]`, `{`, `{"check_id":{}}`, `{"timestamp":"x"}`, `{"timestamp":1e300}`, `{"min_check_period":9223372036854775807}`,
		`{"metrics":{}}`, `{"metrics":[{}]}`, `{"metrics":[[]]}`, `{"metrics":[[null]]}`, `{"metrics":[[null,[]]]}`,
		`{"metrics":[[null,{"a":[]}]]}`, `{"metrics":[[null,{},1]]}`, `{"metrics":[[{},{}]]}`, many,
	} {
		if _, err := ParseResult([]byte(bad)); !errors.Is(err, ErrNoResult) {
			t.Errorf("%.80s: %v", bad, err)
		}
	}
}

func FuzzParseResult(f *testing.F) {
	f.Add([]byte(`{"check_id":"a","timestamp":1,"metrics":[[null,{"a":{"t":"int64","v":"1","u":"b"}}],["d",{"a":{"t":"double","v":"0x10"}}]]}`))
	f.Add([]byte(`{"metrics":[[null,{"a":{},"a":{}}],[null,{"a":{}}]]}`))
	f.Add([]byte(`{"status":5,"metrics":[[1,{"a":{"v":[]}}]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseResult(data)
		if err != nil {
			return
		}
		// What was taken can be sent, and says the same from then on.
		b := r.AppendJSON(nil)
		back, err := ParseResult(b)
		if err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		if again := back.AppendJSON(nil); string(again) != string(b) {
			t.Fatalf("got  %q\nthen %q", b, again)
		}
	})
}

func TestValidMetrics(t *testing.T) {
	for _, c := range []struct {
		t     MetricType
		v     string
		valid bool
	}{
		{String, "", true}, {Bool, "true", true}, {Bool, "maybe", false},
		{Int32, "-2147483648", true}, {Int32, "2147483648", false}, {Int64, "", false}, {Int64, "0x1f", true},
		{Uint32, "-1", false}, {Uint64, "18446744073709551615", true}, {Uint64, "1.5", false},
		{Double, "1.5", true}, {Double, "NaN", false}, {Double, "-Inf", false}, {Double, "1e999", false}, {Double, "infinity", false},
		{Gauge, "18446744073709551615", true}, {Gauge, "0x10", true}, {Gauge, "ten", false},
		{"counter", "1", false}, {"", "1", false},
	} {
		if got := (Metric{Type: c.t, Value: c.v}).Valid(); got != c.valid {
			t.Errorf("%s %q: %v", c.t, c.v, got)
		}
	}
	for in, want := range map[float64]string{0: "0", 33.333333333: "33.3333", -0.00001: "0", 100: "100", 1e300: "1" + strings.Repeat("0", 300)} {
		if got := FormatDouble(in); got != want && (in < 1e299 || !(Metric{Type: Double, Value: got}).Valid()) {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}
