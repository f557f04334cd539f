package otlp

import (
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	"google.golang.org/protobuf/proto"

	"virgo/cmd/virgo-endpoint/internal/output/names"
)

// A receiver decodes what it gets. It stores points by series and time, and takes the same point more than once.
type receiver struct {
	t *testing.T
	// answer may refuse a request before it is read, or break off after it was stored.
	before, after func(w http.ResponseWriter) bool

	mu       sync.Mutex
	points   map[string]string
	requests int
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests++
	if r.before != nil && !r.before(w) {
		return
	}
	if req.URL.Path != "/v1/metrics" || req.Header.Get("Content-Type") != "application/x-protobuf" || req.Header.Get("Content-Encoding") != "gzip" {
		r.t.Errorf("%s, %v", req.URL, req.Header)
	}
	plain, err := gzip.NewReader(req.Body)
	if err != nil {
		r.t.Error(err)
		return
	}
	body, err := io.ReadAll(plain)
	if err != nil {
		r.t.Error(err)
		return
	}
	var data metrics.MetricsData
	if err := proto.Unmarshal(body, &data); err != nil {
		r.t.Error(err)
		return
	}
	if len(data.ProtoReflect().GetUnknown()) > 0 {
		r.t.Error("the request has fields that nobody knows")
	}
	r.store(&data)
	if r.after != nil && !r.after(w) {
		panic(http.ErrAbortHandler)
	}
}

func (r *receiver) store(data *metrics.MetricsData) {
	for key, value := range flatten(r.t, data) {
		if old, ok := r.points[key]; ok && old != value {
			r.t.Errorf("%s: %s, then %s", key, old, value)
		}
		r.points[key] = value
	}
}

// flatten returns the values of points by all that tells them apart. No request has a point twice.
func flatten(t *testing.T, data *metrics.MetricsData) map[string]string {
	t.Helper()
	all := make(map[string]string)
	for _, rm := range data.ResourceMetrics {
		host := ""
		for _, a := range rm.Resource.Attributes {
			host += fmt.Sprintf("%s=%q ", a.Key, a.Value.GetStringValue())
		}
		for _, sm := range rm.ScopeMetrics {
			if sm.SchemaUrl != names.SchemaURL || rm.SchemaUrl != names.SchemaURL || sm.Scope.Name != "virgo" {
				t.Errorf("%v", sm.Scope)
			}
			for _, m := range sm.Metrics {
				kind, list := "gauge", m.GetGauge().GetDataPoints()
				if s := m.GetSum(); s != nil {
					if s.AggregationTemporality != metrics.AggregationTemporality_AGGREGATION_TEMPORALITY_CUMULATIVE {
						t.Errorf("%s: %v", m.Name, s.AggregationTemporality)
					}
					kind, list = fmt.Sprintf("sum, monotonic %v", s.IsMonotonic), s.DataPoints
				}
				for _, p := range list {
					key := fmt.Sprintf("%s%s {%s} (%s) @%d", host, m.Name, m.Unit, kind, p.TimeUnixNano)
					for _, a := range p.Attributes {
						key += fmt.Sprintf(" %s=%q", a.Key, a.Value.GetStringValue())
					}
					if _, twice := all[key]; twice {
						t.Errorf("twice in one request: %s", key)
					}
					switch v := p.Value.(type) {
					case *metrics.NumberDataPoint_AsInt:
						all[key] = fmt.Sprint("int ", v.AsInt)
					case *metrics.NumberDataPoint_AsDouble:
						all[key] = fmt.Sprint("double ", v.AsDouble)
					default:
						t.Errorf("%s has no value", key)
					}
				}
			}
		}
	}
	return all
}

// listen serves at an address until stop is called, which cuts all connections.
func listen(t *testing.T, address string, h http.Handler) (at string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: h}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(l) })
	return l.Addr().String(), func() { _ = server.Close(); done.Wait() }
}
