package otlp

import (
	"cmp"
	"math"
	"slices"
	"strings"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/output/names"
)

// gather returns the points of results by host and metric. A series has one point a time: receivers refuse others.
func gather(batch []output.Item, labels [][2]string) *metrics.MetricsData {
	g := gatherer{hosts: make(map[string]*host), labels: labels}
	for i := range batch {
		if !batch[i].Result.Refused {
			g.add(&batch[i])
		}
	}
	return &g.data
}

type gatherer struct {
	data   metrics.MetricsData
	hosts  map[string]*host
	labels [][2]string
}

// A host has its metrics by name, unit and instrument: two with the same name and another unit are two.
type host struct {
	scope   *metrics.ScopeMetrics
	metrics map[metricKey]*points
}

type metricKey struct {
	name, unit string
	instrument names.Instrument
}

// points are those of one metric.
type points struct {
	list *[]*metrics.NumberDataPoint
	seen map[pointKey]bool
}

type pointKey struct {
	attributes string
	time       uint64
}

func (g *gatherer) add(item *output.Item) {
	r, h := item.Result, g.host(item.Host)
	at := uint64(max(0, r.PlaceInTime().UnixNano()))
	base := append([][2]string{{"virgo.check.id", r.CheckID}, {"virgo.check.type", r.CheckType}}, slices.Concat(g.labels, item.Host.Labels)...)
	available := int64(0)
	if r.State == "available" {
		available = 1
	}
	if p := h.point(names.OTLP{Name: "virgo.check.available", Unit: "1"}, at, base); p != nil {
		p.Value = &metrics.NumberDataPoint_AsInt{AsInt: available}
	}
	for i := range item.Metrics {
		m := &item.Metrics[i]
		v, ok := m.Number()
		if !ok {
			continue
		}
		o := names.ToOTLP(names.Metric{CheckType: r.CheckType, Name: m.Name, Kind: m.Type, Unit: m.Unit})
		p := h.point(o, at, append(slices.Clone(base), [2]string{o.Key, o.Value}, [2]string{cmp.Or(o.Dimension, "virgo.dimension"), m.Dimension}))
		if p == nil {
			continue
		}
		if n, ok := whole(v, o.Factor, m.Type); ok {
			p.Value = &metrics.NumberDataPoint_AsInt{AsInt: n}
		} else {
			p.Value = &metrics.NumberDataPoint_AsDouble{AsDouble: v.Float() * o.Factor}
		}
	}
}

// whole returns a value times a factor if that is exact as a whole number; a double never is, so that the points of a metric
// are all of one kind.
func whole(v intake.Value, factor float64, kind string) (int64, bool) {
	n, ok := v.Int()
	times := int64(factor)
	if !ok || kind == "double" || float64(times) != factor || n > math.MaxInt64/times || n < math.MinInt64/times {
		return 0, false
	}
	return n * times, true
}

func (g *gatherer) host(h output.Host) *host {
	if found, ok := g.hosts[h.ID]; ok {
		return found
	}
	one := &host{metrics: make(map[metricKey]*points), scope: &metrics.ScopeMetrics{Scope: &common.InstrumentationScope{Name: "virgo"}, SchemaUrl: names.SchemaURL}}
	g.data.ResourceMetrics = append(g.data.ResourceMetrics, &metrics.ResourceMetrics{
		Resource: &resource.Resource{Attributes: attributes([][2]string{{"host.id", h.ID}, {"host.name", h.Name},
			{"service.name", "virgo"}, {"service.instance.id", h.ID}})},
		ScopeMetrics: []*metrics.ScopeMetrics{one.scope}, SchemaUrl: names.SchemaURL,
	})
	g.hosts[h.ID] = one
	return one
}

// point returns a new point of a metric, without its value; nil if its series has one of that time.
func (h *host) point(o names.OTLP, at uint64, list [][2]string) *metrics.NumberDataPoint {
	key := metricKey{o.Name, o.Unit, o.Instrument}
	m, ok := h.metrics[key]
	if !ok {
		var one *metrics.Metric
		one, m = newMetric(o)
		h.metrics[key] = m
		h.scope.Metrics = append(h.scope.Metrics, one)
	}
	p := &metrics.NumberDataPoint{TimeUnixNano: at, Attributes: attributes(list)}
	var series strings.Builder
	for _, a := range p.Attributes {
		series.WriteString(a.Key + "\x00" + a.Value.GetStringValue() + "\x00")
	}
	id := pointKey{series.String(), at}
	if m.seen[id] {
		return nil
	}
	m.seen[id] = true
	*m.list = append(*m.list, p)
	return p
}

// newMetric returns a metric, and where its points go.
func newMetric(o names.OTLP) (*metrics.Metric, *points) {
	one := &metrics.Metric{Name: o.Name, Unit: o.Unit}
	if o.Instrument == names.Gauge {
		g := &metrics.Gauge{}
		one.Data = &metrics.Metric_Gauge{Gauge: g}
		return one, &points{&g.DataPoints, make(map[pointKey]bool)}
	}
	sum := &metrics.Sum{AggregationTemporality: metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE, IsMonotonic: o.Instrument == names.Counter}
	one.Data = &metrics.Metric_Sum{Sum: sum}
	return one, &points{&sum.DataPoints, make(map[pointKey]bool)}
}

// attributes returns those that have a key and a value, sorted; of two with the same key the first.
func attributes(list [][2]string) []*common.KeyValue {
	var all []*common.KeyValue
	for _, l := range list {
		if l[0] != "" && l[1] != "" {
			all = append(all, &common.KeyValue{Key: l[0], Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: l[1]}}})
		}
	}
	slices.SortStableFunc(all, func(a, b *common.KeyValue) int { return cmp.Compare(a.Key, b.Key) })
	return slices.CompactFunc(all, func(a, b *common.KeyValue) bool { return a.Key == b.Key })
}
