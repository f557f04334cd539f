package api

import (
	"bytes"
	"maps"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"sync"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// metricsType is that of Prometheus' text format
// (https://prometheus.io/docs/instrumenting/exposition_formats/). Some thirty figures without histograms need
// no client library: prometheus/client_golang links protobuf and others for them.
const metricsType = "text/plain; version=0.0.4; charset=utf-8"

// A Figure is one figure of the endpoint about itself.
type Figure struct {
	// Name is without the prefix virgo_endpoint_; that of a counter ends with _total. Figures of one name
	// follow each other and have one Help.
	Name, Help string
	// Label and Value of it; empty where there is none.
	Label, LabelValue string
	Value             float64
}

// writeFigures writes figures in Prometheus' text format.
func writeFigures(b *bytes.Buffer, list []Figure) {
	last := ""
	for _, f := range list {
		name := "virgo_endpoint_" + f.Name
		if name != last {
			kind := "gauge"
			if strings.HasSuffix(name, "_total") {
				kind = "counter"
			}
			b.WriteString("# HELP " + name + " " + f.Help + "\n# TYPE " + name + " " + kind + "\n")
			last = name
		}
		b.WriteString(name)
		if f.Label != "" {
			b.WriteString("{" + f.Label + "=\"" + labelEscapes.Replace(f.LabelValue) + "\"}")
		}
		b.WriteString(" " + strconv.FormatFloat(f.Value, 'g', -1, 64) + "\n")
	}
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// counts are the answers of the API by code.
type counts struct {
	mu     sync.Mutex
	byCode map[int]int64
}

func (c *counts) request(code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byCode == nil {
		c.byCode = map[int]int64{}
	}
	c.byCode[code]++ // as many as there are codes in this package and huma
}

func (c *counts) figures() []Figure {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Figure
	for _, code := range slices.Sorted(maps.Keys(c.byCode)) {
		list = append(list, Figure{"api_requests_total", "Requests of the HTTP API that were answered.", "code", strconv.Itoa(code), float64(c.byCode[code])})
	}
	return list
}

// figures are those of the store, of the agents, of the API and of the process.
func (a *API) figures(st *intake.Storage, agents map[string]int) []Figure {
	one := func(name, help string, value float64) Figure { return Figure{Name: name, Help: help, Value: value} }
	list := []Figure{
		{"info", "The program.", "version", a.Version, 1},
		one("stored_results", "Results that are stored.", float64(st.Results)),
		one("store_bytes", "What the files of the store take on disk.", float64(st.Bytes)),
		one("segments", "Files with results.", float64(st.Segments)),
		one("damaged_segments", "Files with results that were set aside because they are damaged.", float64(st.Damaged)),
		one("results_thrown_away_total", "Results that came too late to be kept: made before the oldest that are.", float64(st.ThrownAway)),
		one("store_full", "1 while nothing is stored for want of space.", truth(st.Full)),
	}
	if st.MaxBytes > 0 {
		list = append(list, one("store_max_bytes", "The bound of the store's bytes.", float64(st.MaxBytes)))
	}
	if st.FreeBytes >= 0 {
		list = append(list, one("store_free_bytes", "Free space of the store's disk.", float64(st.FreeBytes)))
	}
	if !st.Oldest.IsZero() {
		list = append(list, one("oldest_result_timestamp_seconds", "When the oldest stored results arrived.", seconds(st.Oldest)))
	}
	for _, health := range slices.Sorted(maps.Keys(agents)) {
		list = append(list, Figure{"agents", "Agents by the worst that is wrong with them.", "health", health, float64(agents[health])})
	}
	list = append(list, a.counts.figures()...)
	return append(list,
		one("api_streams", "Streams of results that are being sent.", float64(a.guard.streams())),
		one("goroutines", "Goroutines of the process.", float64(runtime.NumGoroutine())),
		one("memory_bytes", "Memory that the Go runtime has of the system.", memory()))
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func memory() float64 {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return float64(sample[0].Value.Uint64())
}
