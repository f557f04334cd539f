// Package influx posts results in InfluxDB's line protocol, as report.Influx writes them: to InfluxDB 1 and 2, VictoriaMetrics, Telegraf.
// The URL is the whole one of writes: http://host:8086/write?db=virgo, or /api/v2/write?org=…&bucket=… with a token. A
// point with the same time and tags is taken once, so a batch may come twice.
package influx

import (
	"bytes"
	"compress/gzip"
	"context"

	"virgo/cmd/virgo-endpoint/internal/output"
	"virgo/cmd/virgo-endpoint/internal/report"
)

// A Sink posts lines.
type Sink struct{ poster *output.Poster }

// New returns a sink.
func New(c output.Config) (*Sink, error) {
	p, err := output.NewPoster(c.Influx, c, "Token", map[string]string{"Content-Type": "text/plain; charset=utf-8", "Content-Encoding": "gzip"})
	return &Sink{p}, err
}

// Send is of [output.Sink].
func (s *Sink) Send(ctx context.Context, batch []output.Item) error {
	var body bytes.Buffer
	packed := gzip.NewWriter(&body)
	lines := report.NewInflux(packed)
	for i := range batch {
		if err := lines.Write(batch[i].Result); err != nil {
			return err
		}
	}
	if err := lines.Flush(); err != nil {
		return err
	}
	if err := packed.Close(); err != nil {
		return err
	}
	return s.poster.Post(ctx, body.Bytes())
}
