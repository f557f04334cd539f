// Package remotewrite posts results by Prometheus' remote write 1.0: to Prometheus (--web.enable-remote-write-receiver), VictoriaMetrics,
// Mimir, Thanos and others.
//
// Series are named by package names, with the labels agent, host, check, type, and the dimension's own; the owner's labels are added. The
// time of a sample is the result's place in time, so results that came late are where they belong; Prometheus takes them
// with out_of_order_time_window alone. Texts have no series. A sample with the same time is taken once, so a batch may come twice.
package remotewrite

import (
	"context"

	"github.com/klauspost/compress/s2"

	"virgo/cmd/virgo-endpoint/internal/output"
)

// A Sink posts series.
type Sink struct {
	poster *output.Poster
	labels [][2]string
}

// New returns a sink.
func New(c output.Config) (*Sink, error) {
	p, err := output.NewPoster(c.RemoteWrite, c, "Bearer", map[string]string{"Content-Type": "application/x-protobuf",
		"Content-Encoding": "snappy", "X-Prometheus-Remote-Write-Version": "0.1.0"})
	return &Sink{p, c.Labels}, err
}

// Send is of [output.Sink].
func (s *Sink) Send(ctx context.Context, batch []output.Item) error {
	list := gather(batch, s.labels)
	if len(list) == 0 {
		return nil
	}
	return s.poster.Post(ctx, s2.EncodeSnappy(nil, encode(list)))
}
