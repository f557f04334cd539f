package remote

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"

	"virgo/collect"
)

// A timing records when the steps of a request were done. Hooks of a dial may be called after
// another dial has won (Happy Eyeballs), hence the lock.
type timing struct {
	mu                                 sync.Mutex
	start                              time.Time
	resolved, connected, secured, read time.Time
}

// trace starts the clock and returns a context whose dials and requests are recorded.
func (t *timing) trace(ctx context.Context) context.Context {
	t.start = time.Now()
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(httptrace.DNSDoneInfo) { t.record(&t.resolved) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				t.record(&t.connected)
			}
		},
		TLSHandshakeDone:     func(tls.ConnectionState, error) { t.record(&t.secured) },
		GotFirstResponseByte: func() { t.record(&t.read) },
	})
}

// record stores the time of the first call.
func (t *timing) record(at *time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.IsZero() {
		*at = time.Now()
	}
}

// add adds the time of a step, in milliseconds since the start; a step that was not reached is
// omitted.
func (t *timing) add(f *collect.MetricBuilder, name string, at *time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !at.IsZero() {
		addMilliseconds(f, name, at.Sub(t.start))
	}
}

// addResolved adds tt_resolve, which is 0 where the host is an IP address.
func (t *timing) addResolved(f *collect.MetricBuilder) {
	t.mu.Lock()
	defer t.mu.Unlock()
	addMilliseconds(f, "tt_resolve", max(t.resolved.Sub(t.start), 0))
}

func addMilliseconds(f *collect.MetricBuilder, name string, d time.Duration) {
	addUint32(f, name, d.Milliseconds(), "milliseconds")
}
