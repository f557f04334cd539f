package main

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"
)

func table() *report {
	r := &report{SchemaVersion: schemaVersion, Platform: "linux/amd64", CPUs: 2, Go: "go1.26", Runs: 3}
	r.add("wall", 150.4, "ms")
	r.atMost("peak", 7.471, "MiB", 8)
	r.atMost("CPU", 2.4666, "", 1.5)
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
fewer than 10 runs: a look, not a measurement

wall    150 ms
peak   7.47 MiB  ≤ 8  met
CPU    2.47      ≤ 1.50  MISSED
speed  0.01      ≥ 0.50  MISSED (aim of a later step)
trips     3      ≥ 3  met
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
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
	if _, there := rows[0].(map[string]any)["budget"]; there {
		t.Error("a figure without a budget has one")
	}
}

func TestMedianAndPairs(t *testing.T) {
	if m := median([]float64{3, 1, 2}); m != 2 {
		t.Errorf("odd: %v", m)
	}
	if m := median([]float64{4, 1, 2, 3}); m != 2.5 {
		t.Errorf("even: %v", m)
	}
	if m := median(nil); !math.IsNaN(m) {
		t.Errorf("none: %v", m)
	}
	// A machine that is slower at one pair than at another makes no difference to the ratio.
	at := func(a, b time.Duration) pair {
		return pair{sample{Wall: a * time.Second}, sample{Wall: b * time.Second}}
	}
	pairs := []pair{at(2, 1), at(20, 10), at(3, 1)}
	if got := ratio(pairs, wallMS); got != 2 {
		t.Errorf("ratio %v", got)
	}
	if got := more(pairs, wallMS); got != 2000 {
		t.Errorf("more %v", got)
	}
}
