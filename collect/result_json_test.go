package collect

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"virgo/schedule/shorttext"
)

func TestAppendJSONIsAsInTheProtocol(t *testing.T) {
	r := Result{
		CheckID: "ch1", CheckType: "agent.network", State: Available, Status: "success",
		Time: time.UnixMilli(1700000000123), MinCheckPeriod: time.Minute,
		Metrics: []Metric{
			{Dimension: "eth0", Name: "rx_bytes", Type: Gauge, Value: "17", Unit: "bytes"},
			{Name: "total", Type: Int64, Value: "-1"},
			{Dimension: "eth1", Name: "rx_bytes", Type: Gauge, Value: "18", Unit: "bytes"},
			{Dimension: "eth0", Name: "link_state", Type: String, Value: "up"},
		},
	}
	want := `{"check_id":"ch1","check_type":"agent.network","state":"available","status":"success",` +
		`"timestamp":1700000000123,"min_check_period":60000,"metrics":[` +
		`["eth0",{"rx_bytes":{"t":"gauge","v":"17","u":"bytes"},"link_state":{"t":"string","v":"up"}}],` +
		`[null,{"total":{"t":"int64","v":"-1"}}],` +
		`["eth1",{"rx_bytes":{"t":"gauge","v":"18","u":"bytes"}}]]}`
	if got := string(r.AppendJSON(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := string(r.AppendJSON([]byte("before"))); got != "before"+want {
		t.Errorf("does not append: %s", got)
	}
	r.Metrics = nil
	if got := string(r.AppendJSON(nil)); !strings.HasSuffix(got, `"metrics":[]}`) {
		t.Errorf("no metrics: %s", got)
	}
}

func TestLastOfTwoMetricsOfOneNameIsSent(t *testing.T) {
	few := []Metric{{Name: "a", Type: Int64, Value: "1"}, {Name: "b", Type: Int64, Value: "2"}, {Name: "a", Type: Int64, Value: "3"}}
	if got := string(Result{Metrics: few}.AppendJSON(nil)); !strings.HasSuffix(got, `[[null,{"a":{"t":"int64","v":"3"},"b":{"t":"int64","v":"2"}}]]}`) {
		t.Errorf("%s", got)
	}
	for _, many := range []int{0, 300} { // both ways of grouping
		var ms []Metric
		for i := range many {
			ms = append(ms, Metric{Name: fmt.Sprint("filler", i), Type: Int64, Value: "0"})
		}
		ms = append(ms,
			Metric{Dimension: "d", Name: "a", Type: Int64, Value: "1"},
			Metric{Dimension: "e", Name: "a", Type: Int64, Value: "2"},
			Metric{Dimension: "d", Name: "a", Type: Int64, Value: "3"},
			Metric{Dimension: "d", Name: "a\xff", Type: Int64, Value: "4"},
			Metric{Dimension: "d", Name: "a\xfe", Type: Int64, Value: "5"},
		)
		before := append([]Metric(nil), ms...)
		got := string(Result{Metrics: ms}.AppendJSON(nil))
		want := `["d",{"a":{"t":"int64","v":"3"},"a\ufffd":{"t":"int64","v":"5"}}],["e",{"a":{"t":"int64","v":"2"}}]]}`
		want = strings.ReplaceAll(want, `\ufffd`, "\ufffd")
		if !strings.HasSuffix(got, want) {
			t.Errorf("%d: %s", many, got)
		}
		if !reflect.DeepEqual(ms, before) {
			t.Error("AppendJSON changed its metrics")
		}
	}
}

func TestStringsAreEscaped(t *testing.T) {
	for in, want := range map[string]string{
		"":                 `""`,
		"a\nb":             `"a\nb"`,
		"\x00\x1f\x7f":     "\"\\u0000\\u001f\x7f\"",
		`"\/`:              `"\"\\/"`,
		"\u2028\u2029é😀":   `"\u2028\u2029é😀"`,
		"a\xffb\xc3":       "\"a\ufffdb\ufffd\"",
		"\xed\xa0\x80\r\t": "\"\ufffd\ufffd\ufffd\\r\\t\"",
		"\ufffd":           "\"\ufffd\"",
	} {
		if got := string(shorttext.AppendJSON(nil, in)); got != want {
			t.Errorf("%q: got %s, want %s", in, got, want)
		}
	}
}

func TestStatusIsTruncatedBetweenCharacters(t *testing.T) {
	long := strings.Repeat("é", 300)
	got := TruncateStatus(long)
	if want := strings.Repeat("é", 256); got != want {
		t.Errorf("got %d characters", utf8.RuneCountInString(got))
	}
	if s := strings.Repeat("é", 256); TruncateStatus(s) != s {
		t.Error("256 characters were truncated")
	}
	r, err := ParseResult(Result{Status: long}.AppendJSON(nil))
	if err != nil || r.Status != got {
		t.Errorf("AppendJSON sends %d characters, %v", utf8.RuneCountInString(r.Status), err)
	}
}

func FuzzResultRoundTrip(f *testing.F) {
	f.Add("id", "agent.cpu", "success", int64(1700000000000), int64(60000), "eth0", "a", "12", "bytes", "", "b", "x\ny")
	f.Add("\xff", "\u2028", "\x00", int64(-1), int64(0), "", "", "0x1F", "", "", "", "NaN")
	f.Add("i", "t", strings.Repeat("é", 300), int64(0), int64(1), "d", "a\xff", "1", "", "d", "a\xfe", "2")
	f.Fuzz(func(t *testing.T, id, typ, status string, ms, period int64, d1, n1, v1, u1, d2, n2, v2 string) {
		period %= 1 << 40
		r := Result{
			CheckID: id, CheckType: typ, State: Available, Status: status,
			Time: time.UnixMilli(ms), MinCheckPeriod: time.Duration(period) * time.Millisecond,
			Metrics: []Metric{
				{Dimension: d1, Name: n1, Type: Uint64, Value: v1, Unit: u1},
				{Dimension: d2, Name: n2, Type: String, Value: v2},
				{Dimension: d1, Name: n2, Type: Double, Value: v1, Unit: u1},
			},
		}
		b := r.AppendJSON(nil)
		if b[0] != '{' || strings.ContainsAny(string(b), "\n\r\u2028\u2029") || !utf8.Valid(b) || !json.Valid(b) {
			t.Fatalf("%q", b)
		}
		if len(b) > r.maxJSONBytes() {
			t.Fatalf("%d bytes, bound %d", len(b), r.maxJSONBytes())
		}
		// What encoding/json reads is what was meant.
		var wire struct {
			CheckID string `json:"check_id"`
			Status  string
			Metrics [][2]json.RawMessage
		}
		if err := json.Unmarshal(b, &wire); err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		if wire.CheckID != shorttext.Valid(id) || utf8.RuneCountInString(wire.Status) > MaxStatusRunes {
			t.Fatalf("%q", b)
		}
		seen := map[string]bool{}
		for _, m := range wire.Metrics {
			if seen[string(m[0])] {
				t.Fatalf("dimension twice: %q", b)
			}
			seen[string(m[0])] = true
		}
		// And ParseResult gives back all of it, once the texts are valid.
		back, err := ParseResult(b)
		if err != nil {
			t.Fatalf("%v: %q", err, b)
		}
		want := r
		want.CheckID, want.CheckType, want.Status = shorttext.Valid(id), shorttext.Valid(typ), TruncateStatus(status)
		want.Metrics = nil
		for _, m := range grouped(r.Metrics) {
			m.Value, m.Unit = shorttext.Valid(m.Value), shorttext.Valid(m.Unit)
			m.Normalize()
			want.Metrics = append(want.Metrics, m)
		}
		if !reflect.DeepEqual(back, want) {
			t.Fatalf("got  %+v\nwant %+v", back, want)
		}
		if again := back.AppendJSON(nil); string(again) != string(b) {
			t.Fatalf("got  %q\nthen %q", b, again)
		}
	})
}

func BenchmarkAppendJSON(b *testing.B) {
	r := Result{CheckID: "ch1", CheckType: "agent.network", State: Available, Status: "success"}
	for d := range 5 {
		for n := range 14 {
			r.Metrics = append(r.Metrics, Metric{Dimension: fmt.Sprint("eth", d), Name: fmt.Sprint("rx_", n), Type: Gauge, Value: "123456", Unit: "bytes"})
		}
	}
	buf := make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = r.AppendJSON(buf[:0])
	}
}

// Metrics of any number of dimensions, and of any number of names in one, are grouped.
func TestManyDimensionsAndNames(t *testing.T) {
	for _, n := range []int{1, maxSearchedNames, maxSearchedNames + 1, maxSearchedDimensions, maxSearchedDimensions + 1, 1000} {
		for name, dimension := range map[string]func(i int) string{
			"dimensions": func(i int) string { return fmt.Sprint("d", i) },
			"names":      func(int) string { return "d" },
			"in turn":    func(i int) string { return fmt.Sprint("d", i%3) },
		} {
			r := Result{State: Available}
			for i := range n {
				r.Metrics = append(r.Metrics, Metric{Dimension: dimension(i), Name: fmt.Sprint("n", i), Type: Int64, Value: fmt.Sprint(i)})
			}
			back, err := ParseResult(r.AppendJSON(nil))
			if err != nil || len(back.Metrics) != n {
				t.Fatalf("%d %s: %d metrics, %v", n, name, len(back.Metrics), err)
			}
			for i, m := range back.Metrics {
				if i > 0 && m.Dimension != back.Metrics[i-1].Dimension && slices.ContainsFunc(back.Metrics[:i], func(b Metric) bool { return b.Dimension == m.Dimension }) {
					t.Fatalf("%d %s: dimension %s is there twice", n, name, m.Dimension)
				}
				if m.Name != "n"+m.Value {
					t.Errorf("%d %s: %+v", n, name, m)
				}
			}
		}
	}
}
