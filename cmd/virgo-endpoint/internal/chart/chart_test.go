package chart

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/intake/intaketest"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

var epoch = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// A host is one whose plots are tested.
type host struct {
	*Reader
	t      testing.TB
	memory *intaketest.Memory
	access intake.Access
	n      int
}

func newHost(t testing.TB) *host {
	t.Helper()
	h := &host{t: t, memory: &intaketest.Memory{}}
	_, _, h.access = intaketest.NewToken(t, h.memory)
	h.Reader = &Reader{History: h.memory, Store: h.memory}
	return h
}

// A post is a result.
type post struct {
	kind, check string
	minute      float64
	metrics     string // NAME=VALUE UNIT, a dimension before a colon; separated by commas
	late        bool
}

func (h *host) put(posts ...post) {
	h.t.Helper()
	for _, p := range posts {
		at := epoch.Add(time.Duration(p.minute * float64(time.Minute)))
		dims := map[string][]string{}
		for one := range strings.SplitSeq(p.metrics, ",") {
			name, rest, _ := strings.Cut(one, "=")
			value, unit, _ := strings.Cut(rest, " ")
			dim, metric, ok := strings.Cut(name, ":")
			if !ok {
				dim, metric = "", name
			}
			dims[dim] = append(dims[dim], fmt.Sprintf(`%q:{"t":"double","v":%q,"u":%q}`, metric, value, unit))
		}
		var list []string
		for dim, metrics := range dims {
			quoted := "null"
			if dim != "" {
				quoted = fmt.Sprintf("%q", dim)
			}
			list = append(list, "["+quoted+",{"+strings.Join(metrics, ",")+"}]")
		}
		h.n++
		r := intake.Result{ResultID: fmt.Sprint("r", h.n), CheckID: p.check, CheckType: p.kind, State: "available", Time: at, Received: at.Add(time.Second), Late: p.late,
			Params: fmt.Appendf(nil, `{"min_check_period":60000,"metrics":[%s]}`, strings.Join(list, ","))}
		if p.metrics == "" {
			r.State, r.Params = "unavailable", []byte(`{"min_check_period":60000,"status":"no"}`)
		}
		_, err := h.memory.Append(h.t.Context(), []intake.Arrival{{AgentID: "web1", Access: h.access, Received: r.Received,
			Hello: &intake.Hello{Name: "web1", Remote: "192.0.2.1:1"}, Results: []intake.Result{r}}})
		if err != nil {
			h.t.Fatal(err)
		}
	}
}

func minutes(n float64) time.Time { return epoch.Add(time.Duration(n * float64(time.Minute))) }

func (h *host) plots(q Query) *Document {
	h.t.Helper()
	q.AgentID = "web1"
	doc, err := h.Plots(h.t.Context(), q)
	if err != nil {
		h.t.Fatal(err)
	}
	return doc
}

// show is a plot in short: minutes and values, late ones with a star.
func show(p *Plot, line int) string {
	var parts []string
	for i, at := range p.X {
		y := "-"
		if v := p.Lines[line].Y[i]; !math.IsNaN(v) {
			y = fmt.Sprint(v)
		}
		star := ""
		if slices.ContainsFunc(p.Late, func(r [2]int) bool { return r[0] <= i && i <= r[1] }) {
			star = "*"
		}
		parts = append(parts, fmt.Sprintf("%g=%s%s", time.UnixMilli(at).Sub(epoch).Minutes(), y, star))
	}
	return strings.Join(parts, " ")
}

func TestGapsAndLateResults(t *testing.T) {
	h := newHost(t)
	cpu := func(minute, v float64, late bool) post {
		return post{"agent.cpu", "cpu", minute, fmt.Sprintf("usage_average=%g percent", v), late}
	}
	h.put(cpu(1, 10, false), cpu(2, 20, false), cpu(3, 30, true), cpu(4, 40, true), cpu(5, 50, false), // an outage of the network
		cpu(9, 60, false), // the host was down
		post{"agent.cpu", "cpu", 10, "", false}, cpu(11, 70, false), cpu(12, 80, true))
	doc := h.plots(Query{From: epoch, To: minutes(30)})
	if len(doc.Plots) != 1 {
		t.Fatalf("%+v", doc.Plots)
	}
	p := &doc.Plots[0]
	if got, want := show(p, 0), "1=10 2=20 3=30* 4=40* 5=50 7=- 9=60 10=- 11=70 12=80*"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if p.Title != "Processor" || *p.Min != 0 || *p.Max != 100 || p.Unit != "percent" || p.ID != "cpu/usage" {
		t.Errorf("%+v", p)
	}
	if doc.First != minutes(1).UnixMilli() || doc.Step != 0 {
		t.Errorf("axis from %d, step %d", doc.First, doc.Step)
	}
}

// A gap within what came late came late too.
func TestLateAroundAGap(t *testing.T) {
	h := newHost(t)
	for _, m := range []float64{1, 2, 8, 9} {
		h.put(post{"agent.cpu", "cpu", m, "usage_average=1 percent", m > 1})
	}
	if got, want := show(&h.plots(Query{From: epoch, To: minutes(30)}).Plots[0], 0), "1=1 2=1* 5=-* 8=1* 9=1*"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestRates(t *testing.T) {
	h := newHost(t)
	for _, c := range []struct{ minute, value float64 }{{1, 600}, {2, 1200}, {3, 3000}, {4, 60}, {5, 120}, {20, 1020}, {21, 1080}} {
		h.put(post{"agent.network", "net", c.minute, fmt.Sprintf("eth0:rx_bytes=%g bytes,lo:rx_bytes=0 bytes", c.value), false})
	}
	doc := h.plots(Query{From: minutes(2), To: minutes(30)})
	if len(doc.Plots) != 1 { // nobody uses lo
		t.Fatalf("%+v", doc.Plots)
	}
	p := &doc.Plots[0]
	// The first has one before it that is not shown; at 4 the counter was set back; before 20 there is a gap.
	if got, want := show(p, 0), "2=10 3=30 4=- 5=1 20=- 21=1"; got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if p.Unit != "bytes/s" || p.Dimension != "eth0" || p.Lines[0].Name != "received" {
		t.Errorf("%+v", p)
	}
	if doc.First != doc.From {
		t.Error("the axis does not begin with what was asked for, although there is more before it")
	}
}

// Disks that nobody uses have no line among the others.
func TestIdleLines(t *testing.T) {
	h := newHost(t)
	h.put(post{"agent.disk", "disk", 1, "loop0:queue=0 ,sda:queue=2 ", false}, post{"agent.disk", "disk", 2, "loop0:queue=0 ,sda:queue=0 ", false})
	doc := h.plots(Query{From: epoch, To: minutes(9)})
	if len(doc.Plots) != 1 || len(doc.Plots[0].Lines) != 1 || doc.Plots[0].Lines[0].Name != "sda" {
		t.Errorf("%+v", doc.Plots)
	}
}

func TestRatesOfSpans(t *testing.T) {
	h := newHost(t)
	for m := range 4 * 60 {
		v := 60 * m
		if m >= 90 { // set back within the second hour; its greatest value is no longer its last
			v = 60 * (m - 90)
		}
		h.put(post{"agent.network", "net", float64(m), fmt.Sprintf("eth0:rx_bytes=%d bytes", v), false})
	}
	doc := h.plots(Query{From: epoch, To: epoch.Add(30 * 24 * time.Hour)})
	if got, want := show(&doc.Plots[0], 0), "30=- 90=- 150=- 210=1"; doc.Step != time.Hour.Milliseconds() || got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestBandOfSpans(t *testing.T) {
	h := newHost(t)
	for m := range 60 {
		h.put(post{"agent.memory", "memory", float64(m), fmt.Sprintf("total=100 bytes,actual_free=%d bytes", 100-m), false})
	}
	doc := h.plots(Query{From: epoch, To: epoch.Add(10 * 24 * time.Hour), PlotID: "share"})
	l := doc.Plots[0].Lines[0]
	if len(l.Y) != 1 || l.Y[0] != 29.5 || l.Lo[0] != 0 || l.Hi[0] != 59 {
		t.Errorf("%+v", l)
	}
}

func TestThresholds(t *testing.T) {
	h := newHost(t)
	h.put(post{"agent.filesystem", "fs", 1, "/:used=90 kilobytes,/:avail=10 kilobytes,/srv:used=1 kilobytes,/srv:avail=9 kilobytes", false},
		post{"agent.virgo", "virgo", 1, "spool_oldest_age=1 seconds,clock_offset=1500 milliseconds", false},
		post{"agent.memory", "memory", 1, "swap_total=200 bytes,swap_used=10 bytes", false}, post{"agent.network", "net", 1, "rx_bytes=1 bytes", false}, post{"agent.network", "net", 2, "rx_bytes=2 bytes", false})
	h.Thresholds = func(string) []watch.Threshold {
		return []watch.Threshold{
			{CheckID: "fs", Dimension: "/", Metric: "used", Value: 90, Percent: true, Above: true, State: alarm.Warning, Rule: "disk"},
			{CheckID: "fs", Dimension: "/srv", Metric: "used", Value: 90, Percent: true, Above: true, State: alarm.Warning, Rule: "disk"},
			{CheckID: "virgo", Metric: "clock_offset", Value: 30000, Above: true, State: alarm.Critical, Rule: "clock"},
			{CheckID: "memory", Metric: "swap_used", Value: 80, Percent: true, State: alarm.Warning}, {CheckID: "net", Metric: "rx_bytes", Value: 5, State: alarm.Warning},
			{CheckID: "other", Metric: "used", Value: 1}, {CheckID: "fs", Metric: "none", Value: 1},
		}
	}
	found := map[string][]Threshold{}
	for _, p := range h.plots(Query{From: epoch, To: minutes(30)}).Plots {
		found[p.Title] = p.Limits
	}
	if got := found["Disk space used"]; len(got) != 1 || got[0] != (Threshold{90, true, "WARNING", "disk"}) {
		t.Errorf("%+v", got)
	}
	if got := found["Clock"]; len(got) != 1 || got[0].Value != 30 {
		t.Errorf("%+v", got)
	}
	if got := found["Swap"]; len(got) != 1 || got[0].Value != 160 {
		t.Errorf("%+v", got)
	}
	if got := found["Network"]; len(got) != 0 { // the level of a counter is not its rate
		t.Errorf("%+v", got)
	}
	if got := found["Disk space left"]; len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestBounds(t *testing.T) {
	h := newHost(t)
	var many []string
	for i := range MaxSeries + 100 {
		many = append(many, fmt.Sprintf("d%d:m%d=1 x", i, i))
	}
	h.put(post{"agent.cpu", "cpu", 1, "usage_average=1 percent", false}, post{"agent.plugin", "p", 1, strings.Join(many, ","), false})
	doc := h.plots(Query{From: epoch, To: minutes(10)})
	series := 0
	for _, p := range doc.Plots {
		series += len(p.Lines)
	}
	if series != MaxSeries || doc.Plots[0].CheckID != "cpu" || !slices.Equal(doc.LeftOut, []string{"p"}) {
		t.Errorf("%d series, left out %q", series, doc.LeftOut)
	}
	for _, q := range []Query{{From: epoch, To: epoch}, {From: epoch, To: epoch.Add(MaxSpan + 1)}} {
		if _, err := h.Plots(t.Context(), q); !errors.Is(err, ErrSpan) {
			t.Errorf("%v", err)
		}
	}
	if _, err := h.Plots(t.Context(), Query{AgentID: "nobody", From: epoch, To: minutes(1)}); !errors.Is(err, intake.ErrNoAgent) {
		t.Errorf("%v", err)
	}
}

func TestForm(t *testing.T) {
	data, err := json.Marshal(Line{Y: Numbers{1, math.NaN(), 0.25, math.Inf(1), 1e-9, 1 << 60}})
	if want := `{"name":"","dimension":"","metric":"","y":[1,null,0.25,null,1e-09,1152921504606847000]}`; err != nil || string(data) != want {
		t.Errorf("%s, want %s", data, want)
	}
	data, err = json.Marshal(Times{1000, 1060, 1070})
	if err != nil || string(data) != "[1000,60,10]" {
		t.Errorf("%s %v", data, err)
	}
	for scale, want := range map[float64]float64{100: 12.35, 1e10: 12, 3: 12.346, 0: 12.3456789, math.Inf(1): 12.3456789, math.NaN(): 12.3456789} {
		if scale == 1e10 {
			if got := rounder(scale)(123456789); got != 123000000 {
				t.Errorf("%g: %g", scale, got)
			}
			continue
		}
		if got := rounder(scale)(12.3456789); got != want {
			t.Errorf("%g: %g, want %g", scale, got, want)
		}
	}
}
