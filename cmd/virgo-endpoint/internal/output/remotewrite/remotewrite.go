// Package remotewrite posts results by Prometheus' remote write 2.0, or 1.0 to receivers that know no other: to Prometheus
// (--web.enable-remote-write-receiver), VictoriaMetrics, Mimir, Thanos and others.
//
// Series are named by package names, with the labels agent, host, check, type, and the dimension's own; the owner's labels are added. The
// time of a sample is the result's place in time, so results that came late are where they belong; Prometheus takes them
// with out_of_order_time_window alone. Texts have no series. A sample with the same time is taken once, so a batch may come twice.
//
// # Which version
//
// 2.0 comes first. A receiver that knows it says in a header how many samples it has written. Without that header a success says
// nothing: receivers of 1.0 often take any message, and find no series in one of 2.0. So such a success, and 400 or 415 without the
// header, are followed by the same batch in 1.0. Where that is what the receiver wants, it gets 1.0 until a restart, or until
// the next day (tryAgain): it may be a newer one then.
//
// # What can fail
//
// A receiver of 2.0 may write a part of a batch, and refuse the rest for ever: these samples count as refused. What is
// refused as a whole is halved by package output until the culprit is found. Samples that are refused since they
// are out of order are not sent again, and the error names the option of Prometheus that takes them.
//
// # Why not all of client_golang/exp
//
// Its messages are sent, by a post of our own. Its client reads answers without a bound and puts them into errors, which have a
// status as text alone, so a refused batch cannot be told from a receiver of 1.0; it waits and repeats by itself, where the
// feed does that for every output; and it takes the last slash from a URL. The messages add less than 0.2 MiB to virgo-endpoint
// (stripped, linux/amd64), which has protobuf for OTLP already. Those of 1.0, four with two fields at most, exp has not.
package remotewrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/klauspost/compress/s2"

	"virgo/cmd/virgo-endpoint/internal/output"
)

// tryAgain is for how long a receiver that knows 1.0 alone gets that.
const tryAgain = 24 * time.Hour

// The headers of both versions.
const (
	contentTypeHeader = "Content-Type"
	versionHeader     = "X-Prometheus-Remote-Write-Version"
	writtenHeader     = "X-Prometheus-Remote-Write-Samples-Written"
)

// A Sink posts series.
type Sink struct {
	poster *output.Poster
	labels [][2]string
	now    func() time.Time
	// version1 is until when 1.0 is sent.
	version1 time.Time
}

// New returns a sink.
func New(c output.Config, now func() time.Time) (*Sink, error) {
	p, err := output.NewPoster(c.RemoteWrite, c, "Bearer", map[string]string{"Content-Encoding": "snappy"})
	return &Sink{poster: p, labels: c.Labels, now: now}, err
}

// Send is of [output.Sink].
func (s *Sink) Send(ctx context.Context, batch []output.Item) error {
	list := gather(batch, s.labels)
	if len(list) == 0 {
		return nil
	}
	if s.now().Before(s.version1) {
		_, err := s.send1(ctx, list)
		return err
	}
	answer, err := s.send2(ctx, list)
	if written, ok := samplesWritten(answer); ok {
		return partial(err, samples(list), written)
	}
	switch {
	case answer.Status/100 == 2, answer.Status == http.StatusUnsupportedMediaType, answer.Status == http.StatusBadRequest:
	default:
		return err
	}
	answer1, err := s.send1(ctx, list)
	if err == nil || answer.Status != http.StatusBadRequest && answer1.Status == http.StatusBadRequest {
		s.version1 = s.now().Add(tryAgain)
	}
	return err
}

// send2 posts series by 2.0.
func (s *Sink) send2(ctx context.Context, list []series) (output.Answer, error) {
	message, err := encode2(list)
	if err != nil {
		return output.Answer{}, &output.Refused{Err: fmt.Errorf("results have no form in protobuf: %w", err)}
	}
	return s.poster.Exchange(ctx, s2.EncodeSnappy(nil, message), map[string]string{
		contentTypeHeader: "application/x-protobuf;proto=io.prometheus.write.v2.Request", versionHeader: "2.0.0"})
}

// send1 posts series by 1.0.
func (s *Sink) send1(ctx context.Context, list []series) (output.Answer, error) {
	return s.poster.Exchange(ctx, s2.EncodeSnappy(nil, encode(list)), map[string]string{
		contentTypeHeader: "application/x-protobuf", versionHeader: "0.1.0"})
}

// samplesWritten returns how many samples a receiver of 2.0 has written, and whether it is one.
func samplesWritten(a output.Answer) (int64, bool) {
	n, err := strconv.ParseInt(a.Header.Get(writtenHeader), 10, 64)
	return n, err == nil && n >= 0
}

// partial is the error of a batch of which a receiver has written a part, and refuses the rest.
func partial(err error, sent, written int64) error {
	refused := (*output.Refused)(nil)
	if !errors.As(err, &refused) || written == 0 {
		return err
	}
	return &output.Partial{Refused: max(1, sent-written), Err: refused.Err}
}

// samples counts those of series.
func samples(list []series) int64 {
	n := 0
	for i := range list {
		n += len(list[i].samples)
	}
	return int64(n)
}
