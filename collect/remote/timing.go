package remote

import (
	"context"
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"

	"virgo/collect"
)

// timing notes when the steps of one request were done. The hooks of a dial that lost its race may still come when
// another connection stands, hence the lock.
type timing struct {
	mu                                 sync.Mutex
	start                              time.Time
	resolved, connected, secured, read time.Time
}

// trace starts the clock and gives a context whose dials and requests are noted.
func (t *timing) trace(ctx context.Context) context.Context {
	t.start = time.Now()
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		DNSDone: func(httptrace.DNSDoneInfo) { t.note(&t.resolved) },
		ConnectDone: func(_, _ string, err error) {
			if err == nil {
				t.note(&t.connected)
			}
		},
		TLSHandshakeDone:     func(tls.ConnectionState, error) { t.note(&t.secured) },
		GotFirstResponseByte: func() { t.note(&t.read) },
	})
}

// note keeps the first moment.
func (t *timing) note(at *time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if at.IsZero() {
		*at = time.Now()
	}
}

// add reports a step, in whole milliseconds from the start; one that was not taken is left out.
func (t *timing) add(f *collect.Figures, name string, at *time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !at.IsZero() {
		milliseconds(f, name, at.Sub(t.start))
	}
}

// addResolved reports tt_resolve, which is 0 where the host is an address.
func (t *timing) addResolved(f *collect.Figures) {
	t.mu.Lock()
	defer t.mu.Unlock()
	milliseconds(f, "tt_resolve", max(t.resolved.Sub(t.start), 0))
}

func milliseconds(f *collect.Figures, name string, d time.Duration) {
	number(f, name, d.Milliseconds(), "milliseconds")
}
