// Package otlp posts results by OpenTelemetry's protocol, OTLP/HTTP with protobuf and gzip: to an OpenTelemetry collector, Prometheus 3, and
// what else takes its metrics. A URL without a path gets /v1/metrics, as exporters do it; any other is the whole one.
//
// Metrics are named by package names, after the semantic conventions. A host is a resource with host.id and host.name, and as
// service.instance.id, since Prometheus knows resources by that alone. Points have virgo.check.id, virgo.check.type, what their name
// needs, the dimension, and the owner's labels. Counters are cumulative sums without a start, which nobody knows. The time of a point
// is the result's place in time. Texts are not sent.
//
// # What can fail
//
// A batch that comes again has the same points, and a receiver overwrites them or takes them twice, as it likes. Points that a
// receiver did not take (partial success) are not sent again, as the protocol has it: they count as refused.
//
// # What the user sees
//
// virgo-endpoint output list has the output with kind otlp; the log says how many numbers were refused.
//
// # Who could abuse it
//
// Names and units from hosts follow the rules of package names. A receiver's answer is bounded, and never shown; it can ask to
// be left alone for an hour at most.
//
// # Why not the official exporter
//
// otlpmetrichttp v1.47.0 links grpc, for requests over HTTP too (opentelemetry-go issue 2579): virgo-endpoint would be 4.2 MiB larger and
// occupy 3.7 MiB more at rest, with this package 1.7 and 1.5 MiB (stripped, linux/amd64; VmRSS of serve without agents). It
// also collects, aggregates and repeats, which the feed does here. So only the messages of metrics are linked. The request and
// its answer are messages of the service's package, which needs grpc; but MetricsData has the very form of the request, and
// of the answer one number is read.
package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"math"
	"net/url"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"virgo/cmd/virgo-endpoint/internal/output"
)

// A Sink posts metrics.
type Sink struct {
	poster *output.Poster
	labels [][2]string
}

// New returns a sink.
func New(c output.Config) (*Sink, error) {
	p, err := output.NewPoster(address(c.OTLP), c, "Bearer", map[string]string{"Content-Type": "application/x-protobuf", "Content-Encoding": "gzip"})
	return &Sink{p, c.Labels}, err
}

// address returns the URL of metrics.
func address(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Path != "" && u.Path != "/" {
		return base
	}
	u.Path = "/v1/metrics"
	return u.String()
}

// Send is of [output.Sink].
func (s *Sink) Send(ctx context.Context, batch []output.Item) error {
	data := gather(batch, s.labels)
	if len(data.ResourceMetrics) == 0 {
		return nil
	}
	message, err := proto.Marshal(data)
	if err != nil {
		return &output.Refused{Err: fmt.Errorf("results have no form in protobuf: %w", err)}
	}
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	if _, err := packed.Write(message); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	answer, err := s.poster.Exchange(ctx, body.Bytes(), nil)
	if err != nil {
		return err
	}
	if n := rejected(answer.Body); n > 0 {
		return &output.Partial{Refused: n}
	}
	return nil
}

// The fields of ExportMetricsServiceResponse and ExportMetricsPartialSuccess with their wire types
// (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
const (
	responsePartial = 1
	partialRejected = 1
)

// rejected returns how many points an answer says were not taken. One that nobody understands says none: the status was success.
func rejected(answer []byte) int64 {
	partial, ok := field(answer, responsePartial, protowire.BytesType)
	if !ok {
		return 0
	}
	inner, n := protowire.ConsumeBytes(partial)
	if n < 0 {
		// Only so much of an answer is read; the number comes before the long text.
		if _, n = protowire.ConsumeVarint(partial); n < 0 {
			return 0
		}
		inner = partial[n:]
	}
	number, ok := field(inner, partialRejected, protowire.VarintType)
	if !ok {
		return 0
	}
	v, n := protowire.ConsumeVarint(number)
	if n < 0 || v > math.MaxInt64 {
		return 0
	}
	return int64(v)
}

// field returns a message from the value of a field on.
func field(message []byte, number protowire.Number, kind protowire.Type) ([]byte, bool) {
	for len(message) > 0 {
		num, typ, n := protowire.ConsumeTag(message)
		if n < 0 {
			return nil, false
		}
		message = message[n:]
		if num == number && typ == kind {
			return message, true
		}
		if n = protowire.ConsumeFieldValue(num, typ, message); n < 0 {
			return nil, false
		}
		message = message[n:]
	}
	return nil, false
}
