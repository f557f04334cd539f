package otlp

import (
	"maps"
	"slices"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
)

// A metric is in a request once, with one point a series and time; what the host's owner refused and texts are not in it.
func TestGather(t *testing.T) {
	item := func(host string, seconds int, more ...intake.Metric) output.Item {
		at := begin.Add(time.Duration(seconds) * time.Second)
		return output.Item{Host: output.Host{ID: host}, Metrics: more,
			Result: &intake.Result{CheckID: "a", CheckType: "agent.plugin", State: "available", Time: at, Received: at}}
	}
	metric := func(name, kind, value, unit string) intake.Metric {
		return intake.Metric{Name: name, Type: kind, Value: value, Unit: unit}
	}
	refused := item("a", 9, metric("x", "int64", "9", ""))
	refused.Result.Refused = true
	batch := []output.Item{item("a", 0, metric("x", "int64", "1", "")), item("a", 1, metric("x", "int64", "2", "")), item("b", 0, metric("x", "int64", "3", "")),
		item("a", 1, metric("x", "int64", "4", "")), item("a", 2, metric("x", "int64", "5", "bytes"), metric("text", "string", "rw", "")), refused}
	data := gather(batch, nil)
	if len(data.ResourceMetrics) != 2 {
		t.Fatalf("%d hosts", len(data.ResourceMetrics))
	}
	points := make(map[string]int)
	for _, rm := range data.ResourceMetrics {
		for _, m := range rm.ScopeMetrics[0].Metrics {
			key := rm.Resource.Attributes[0].Value.GetStringValue() + " " + m.Name + " " + m.Unit
			if _, twice := points[key]; twice {
				t.Errorf("%s is there twice", key)
			}
			points[key] = len(m.GetGauge().GetDataPoints())
		}
	}
	want := map[string]int{"a virgo.check.available 1": 3, "a virgo.plugin.x ": 2, "a virgo.plugin.x By": 1, "b virgo.check.available 1": 1, "b virgo.plugin.x ": 1}
	if !maps.Equal(points, want) {
		t.Errorf("%v, want %v", points, want)
	}
	if values := slices.Collect(maps.Values(flatten(t, data))); slices.Contains(values, "int 4") || slices.Contains(values, "int 9") {
		t.Errorf("%v", values)
	}
}
