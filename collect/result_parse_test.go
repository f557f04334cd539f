package collect

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"virgo/schedule/number/numbertest"
)

func TestParseResultOfOtherAgents(t *testing.T) {
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

func TestParseResultErrors(t *testing.T) {
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

// The agent sends exactly what its endpoint takes (TestValuesAreThoseOfTheAgent in the endpoint's
// package intake), and in a form that every reader takes for the same number.
func TestValuesAreThoseOfTheEndpoint(t *testing.T) {
	for _, c := range numbertest.Cases() {
		m := Metric{Name: "m", Type: MetricType(c.Type), Value: c.Text}
		if m.Valid() != (c.Normal != "") {
			t.Errorf("%s %q: valid is %v, want %q", c.Type, c.Text, m.Valid(), c.Normal)
		}
		if c.Normal == "" {
			continue
		}
		sent := Result{State: Available, Metrics: []Metric{m}}.AppendJSON(nil)
		if want := fmt.Sprintf(`{"t":%q,"v":%q}`, c.Type, c.Normal); !strings.Contains(string(sent), want) {
			t.Errorf("%s %q: %s, want %s", c.Type, c.Text, sent, want)
		}
		other := fmt.Sprintf(`{"metrics":[[null,{"m":{"t":%q,"v":%q}}]]}`, c.Type, c.Text)
		if r, err := ParseResult([]byte(other)); err != nil || r.Metrics[0].Value != c.Normal {
			t.Errorf("%s: %+v, %v", other, r, err)
		}
	}
}

func TestFormatDouble(t *testing.T) {
	for in, want := range map[float64]string{0: "0", 33.333333333: "33.3333", -0.00001: "0", 100: "100", 1e300: "1" + strings.Repeat("0", 300)} {
		if got := FormatDouble(in); got != want && (in < 1e299 || !(Metric{Type: Double, Value: got}).Valid()) {
			t.Errorf("%v: got %s, want %s", in, got, want)
		}
	}
}
