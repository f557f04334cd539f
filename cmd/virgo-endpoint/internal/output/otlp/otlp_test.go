package otlp

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"virgo/cmd/virgo-endpoint/internal/feed"
	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/watch/watchtest"
)

var begin = time.Unix(1_800_000_000, 0)

// results are n of two hosts, one a second, each with whole numbers, fractions and a text.
func results(n int) []feed.Item {
	var list []feed.Item
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second)
		item := feed.Item{Agent: intake.AgentNumber(i % 2), Result: &intake.Result{Seq: int64(i + 1), AgentID: "web1", CheckID: "root", CheckType: "agent.filesystem",
			State: "available", Time: at, Received: at}}
		item.Metrics = []intake.Metric{{Dimension: "/", Name: "used", Type: "int64", Value: strconv.Itoa(1000 + i), Unit: "kilobytes"},
			{Dimension: "/srv", Name: "used", Type: "int64", Value: strconv.Itoa(i), Unit: "kilobytes"}, {Name: "options", Type: "string", Value: "rw"}}
		if i%3 == 0 {
			item.Result.CheckID, item.Result.CheckType, item.Result.State = "cpu", "agent.cpu", "unavailable"
			item.Metrics = []intake.Metric{{Name: "user_percent_average", Type: "double", Value: "12.5", Unit: "percent"}}
		}
		list = append(list, item)
	}
	return list
}

func hostOf(_ context.Context, n intake.AgentNumber) (output.Host, error) {
	return output.Host{ID: fmt.Sprint("web", n), Name: `web "1" größer`}, nil
}

func open(t *testing.T, m *watchtest.Memory, address string) (*output.Output, int64) {
	t.Helper()
	c := output.Config{Name: "otel", OTLP: "http://" + address, Labels: [][2]string{{"site", "a"}}, FromOldest: true}
	sink, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	o, from, err := output.Open(t.Context(), output.Options{Config: c, Sink: sink, Cursors: m.Cursors(), Hosts: hostOf, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return o, from
}

// What a receiver has equals what was sent, though it was stopped twice, once cut off after it had stored, and this side began anew.
func TestReceiverIsStoppedAndCutOff(t *testing.T) {
	const n, size = 10_000, 500
	all, m := results(n), &watchtest.Memory{}
	r := &receiver{t: t, points: make(map[string]string)}
	cut := false
	r.after = func(http.ResponseWriter) bool {
		ok := cut || r.requests != 8
		cut = cut || !ok
		return ok
	}
	address, stop := listen(t, "127.0.0.1:0", r)
	o, _ := open(t, m, address)
	fails := 0
	for i := 0; i < n; i += size {
		switch i {
		case 3 * size, 12 * size:
			stop()
			if err := o.Take(t.Context(), all[i:i+size]); err == nil {
				t.Fatal("a receiver that is away took results")
			}
			_, stop = listen(t, address, r)
		case 15 * size:
			var from int64
			if o, from = open(t, m, address); from != int64(i) {
				t.Fatalf("it goes on at %d, want %d", from, i)
			}
		}
		for o.Take(t.Context(), all[i:i+size]) != nil {
			if fails++; fails > 10 {
				t.Fatal("it does not recover")
			}
		}
	}
	defer func() { stop() }()
	want := make(map[string]string)
	var items []output.Item
	for _, i := range all {
		h, _ := hostOf(t.Context(), i.Agent)
		items = append(items, output.Item{Host: h, Result: i.Result, Metrics: i.Metrics})
	}
	// Made here from the results, not from what was gathered.
	for _, i := range items {
		host := fmt.Sprintf("host.id=%q host.name=%q service.instance.id=%q service.name=\"virgo\" ", i.Host.ID, i.Host.Name, i.Host.ID)
		at := i.Result.Time.UnixNano()
		check := fmt.Sprintf(" site=\"a\"%%s virgo.check.id=%q virgo.check.type=%q", i.Result.CheckID, i.Result.CheckType)
		available := "int 1"
		if i.Result.CheckType == "agent.cpu" {
			available = "int 0"
			want[fmt.Sprintf("%ssystem.cpu.utilization {1} (gauge) @%d cpu.mode=\"user\"", host, at)+fmt.Sprintf(check, "")] = "double 0.125"
		} else {
			for _, metric := range i.Metrics[:2] {
				kb, err := strconv.Atoi(metric.Value)
				if err != nil {
					t.Fatal(err)
				}
				more := fmt.Sprintf(" system.filesystem.mountpoint=%q system.filesystem.state=\"used\"", metric.Dimension)
				want[fmt.Sprintf("%ssystem.filesystem.usage {By} (sum, monotonic false) @%d", host, at)+fmt.Sprintf(check, more)] = fmt.Sprint("int ", kb*1024)
			}
		}
		want[fmt.Sprintf("%svirgo.check.available {1} (gauge) @%d", host, at)+fmt.Sprintf(check, "")] = available
	}
	if !maps.Equal(r.points, want) {
		t.Errorf("%d points, want %d", len(r.points), len(want))
		for key, v := range want {
			if r.points[key] != v {
				t.Fatalf("%s: %q, want %q", key, r.points[key], v)
			}
		}
	}
	c, _, err := m.Cursors().Cursor(t.Context(), "otel")
	if err != nil || c.Seq != n || c.Sent != n || c.Refused != 0 || !cut || fails != 1 {
		t.Errorf("%+v, %v; cut %v, %d failures", c, err, cut, fails)
	}
}

// What busy receivers answer is repeated, after the time that they ask for; what is refused for ever is not.
func TestAnswers(t *testing.T) {
	for status, refused := range map[int]bool{400: true, 401: false, 413: true, 429: false, 502: false, 503: false, 504: false} {
		r := &receiver{t: t, points: make(map[string]string)}
		r.before = func(w http.ResponseWriter) bool {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(status)
			return false
		}
		server := httptest.NewServer(r)
		m := &watchtest.Memory{}
		o, _ := open(t, m, strings.TrimPrefix(server.URL, "http://"))
		for range 2 {
			if err := o.Take(t.Context(), results(1)); (err == nil) != refused {
				t.Errorf("%d: %v", status, err)
			}
		}
		want := 2
		if status == 429 || status/100 == 5 {
			want = 1 // the second time it was not asked
		}
		c, _, err := m.Cursors().Cursor(t.Context(), "otel")
		if err != nil || r.requests != want || (c.Refused > 0) != refused || c.Sent != 0 {
			t.Errorf("%d: %d requests, want %d; %+v, %v", status, r.requests, want, c, err)
		}
		server.Close()
	}
}

// A partial success is not sent again, and what was not taken counts as refused.
func TestPartialSuccess(t *testing.T) {
	answer := func(rejected uint64, text string) []byte {
		inner := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), rejected)
		inner = protowire.AppendString(protowire.AppendTag(inner, 2, protowire.BytesType), text)
		return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), inner)
	}
	for _, test := range []struct {
		answer        []byte
		sent, refused int64
	}{
		{nil, 4, 0},
		{answer(0, "a warning"), 4, 0},
		{answer(3, "too old"), 1, 3},
		{answer(99, strings.Repeat("x", 100_000)), 0, 4},
		{answer(math.MaxUint64, ""), 4, 0},
		{[]byte(`{"partialSuccess":{}}`), 4, 0},
	} {
		r := &receiver{t: t, points: make(map[string]string)}
		r.after = func(w http.ResponseWriter) bool { _, err := w.Write(test.answer); return err == nil }
		server := httptest.NewServer(r)
		m := &watchtest.Memory{}
		o, _ := open(t, m, strings.TrimPrefix(server.URL, "http://"))
		if err := o.Take(t.Context(), results(4)); err != nil {
			t.Error(err)
		}
		if c, _, err := m.Cursors().Cursor(t.Context(), "otel"); err != nil || c.Sent != test.sent || c.Refused != test.refused || r.requests != 1 {
			t.Errorf("%q: %+v, %v, %d requests", test.answer[:min(len(test.answer), 30)], c, err, r.requests)
		}
		server.Close()
	}
}

func TestAddress(t *testing.T) {
	for base, want := range map[string]string{"http://h:4318": "http://h:4318/v1/metrics", "https://h/": "https://h/v1/metrics",
		"http://h/api/v1/otlp/v1/metrics": "http://h/api/v1/otlp/v1/metrics", "http://h?key=a": "http://h/v1/metrics?key=a"} {
		if got := address(base); got != want {
			t.Errorf("%s: %s, want %s", base, got, want)
		}
	}
}

// Whole numbers stay exact as far as they go, and never wrap.
func TestWhole(t *testing.T) {
	for _, test := range []struct {
		kind, value string
		factor      float64
		want        int64
		ok          bool
	}{
		{"uint64", "9007199254740993", 1, 9007199254740993, true},
		{"int64", "-5", 1024, -5120, true},
		{"int64", "9007199254740993", 1024, 0, false},
		{"int64", "-9223372036854775808", 1, math.MinInt64, true},
		{"uint64", "18446744073709551615", 1, 0, false},
		{"int64", "1500", 0.001, 0, false},
		{"double", "3", 1, 0, false},
		{"gauge", "3", 1, 3, true},
		{"bool", "true", 1, 1, true},
	} {
		v, ok := (&intake.Metric{Type: test.kind, Value: test.value}).Number()
		if !ok {
			t.Fatal(test)
		}
		if got, ok := whole(v, test.factor, test.kind); got != test.want || ok != test.ok {
			t.Errorf("%+v: %d, %v", test, got, ok)
		}
	}
}

// Bytes of a receiver never break anything.
func FuzzRejected(f *testing.F) {
	f.Add([]byte{0x0a, 0x02, 0x08, 0x03})
	f.Add([]byte{0x0a, 0xff, 0xff, 0x03, 0x08, 0x03})
	f.Fuzz(func(t *testing.T, answer []byte) {
		if rejected(answer) < 0 {
			t.Error("fewer than none")
		}
	})
}
