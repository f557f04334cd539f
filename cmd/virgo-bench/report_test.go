package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func table() *report {
	r := &report{SchemaVersion: schemaVersion, Platform: "linux/amd64", CPUs: 2, Go: "go1.26", Runs: 3,
		Conditions: []string{"installed", "warm"}, Meanings: []string{"Wall: time that passes, " + strings.Repeat("and passes, ", 8) + "until the end."}}
	r.section("A run")
	r.add("wall", 150.4, "ms")
	r.atMost("peak", 7.471, "MiB", 8)
	r.atMost("CPU", 2.4666, "", 1.5)
	r.notMeasured("syncs", errors.New("strace is not installed"))
	r.section("A delivery")
	r.atLeast("speed", 0.01, "", 0.5).Aim = true
	r.atLeast("trips", 3, "", 3)
	return r
}

func TestReportTable(t *testing.T) {
	var b bytes.Buffer
	if err := table().print(&b); err != nil {
		t.Fatal(err)
	}
	const want = `linux/amd64, 2 CPUs, go1.26, medians of 3 runs
installed
warm
fewer than 10 runs: an indication, not a measurement

A run
  wall    150 ms
  peak   7.47 MiB  ≤ 8  met
  CPU    2.47      ≤ 1.50  MISSED

A delivery
  speed  0.01      ≥ 0.50  MISSED (long-term goal)
  trips     3      ≥ 3  met

2 of 4 limits MISSED: CPU; speed.
Not measured here: syncs: strace is not installed

Wall: time that passes, and passes, and passes, and passes, and passes, and passes, and passes, and
  passes, and passes, until the end.
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

func TestVerdict(t *testing.T) {
	r := newReport(10)
	r.add("wall", 1, "ms")
	r.atMost("at the limit", 2, "ms", 2)
	if got := r.verdict(); got != "All 1 limits are met." {
		t.Errorf("%s", got)
	}
	// NaN, of no samples or of a division by 0, meets no limit.
	r.atMost("unknown", math.NaN(), "", 2)
	r.atLeast("unknown speed", math.NaN(), "", 2)
	r.atMost("endless", math.Inf(1), "", 2)
	if got, want := r.verdict(), "3 of 4 limits MISSED: unknown; unknown speed; endless."; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReportJSON(t *testing.T) {
	var b bytes.Buffer
	if err := table().printJSON(&b); err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	rows := doc["rows"].([]any)
	missed := rows[2].(map[string]any)["budget"].(map[string]any)
	if doc["schema_version"] != 1.0 || len(rows) != 5 || missed["met"] != false || missed["bound"] != 1.5 || missed["at_least"] != false {
		t.Errorf("%s", b.String())
	}
	if doc["not_measured"].([]any)[0] != "syncs: strace is not installed" || rows[4].(map[string]any)["section"] != "A delivery" {
		t.Errorf("%s", b.String())
	}
	if _, there := rows[0].(map[string]any)["budget"]; there {
		t.Error("a figure without a budget has one")
	}
}

func TestMedianAndSeries(t *testing.T) {
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("odd: %v", m)
	}
	if m := median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("even: %v", m)
	}
	if m := median(nil); !math.IsNaN(m) {
		t.Errorf("none: %v", m)
	}
	// A machine that is slower in one turn than in another makes no difference to the ratio.
	at := func(seconds ...time.Duration) (s series) {
		for _, d := range seconds {
			s = append(s, sample{Wall: d * time.Second})
		}
		return s
	}
	a, b := at(2, 20, 3), at(1, 10, 1)
	if got := a.ratio(b, wallMS); got != 2 {
		t.Errorf("ratio %v", got)
	}
	if got := a.more(b, wallMS); got != 2000 {
		t.Errorf("more %v", got)
	}
	if got := a.median(wallMS); got != 3000 {
		t.Errorf("median %v", got)
	}
}

func TestNumber(t *testing.T) {
	for f, want := range map[float64]string{0: "0", 7: "7", 1431034.2: "1431034", 150.4: "150", 16.84: "16.8", 7.471: "7.47", -0.771: "-0.77", 0.0153: "0.015", 0.0042: "0.0042"} {
		if got := number(f); got != want {
			t.Errorf("%v: %s, want %s", f, got, want)
		}
	}
}
