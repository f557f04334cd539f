package notify

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A transport answers requests, and counts them.
type transport struct {
	asked  atomic.Int64
	status atomic.Int64
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.asked.Add(1)
	if t.status.Load() == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: int(t.status.Load()), Body: io.NopCloser(strings.NewReader("well")), Request: r}, nil
}

// Heartbeats are sent while the endpoint works, and not while it does not; what is wrong is logged once, without the URL.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, "heartbeat: [{url: env:BEAT, every: 1m}]\n")
		b.stop()
		tr, log := &transport{}, new(bytes.Buffer)
		tr.status.Store(200)
		var sick atomic.Bool
		b.http = &http.Client{Transport: tr}
		b.Notifier.log = slog.New(slog.NewTextHandler(log, nil))
		b.healthy = func() error {
			if sick.Load() {
				return errors.New("alarms were judged last at 14:05")
			}
			return nil
		}
		b.stop = b.run()
		wait(10*time.Minute + time.Second)
		if n := tr.asked.Load(); n != 11 {
			t.Errorf("%d heartbeats in ten minutes", n)
		}
		sick.Store(true)
		wait(10 * time.Minute)
		if n := tr.asked.Load(); n != 11 {
			t.Errorf("%d heartbeats, though the endpoint does not work", n)
		}
		sick.Store(false)
		tr.status.Store(0)
		wait(10 * time.Minute)
		tr.status.Store(200)
		wait(2 * time.Minute)
		for text, want := range map[string]int{"no heartbeat is sent": 1, "alarms were judged last at 14:05": 1, "heartbeats are sent again": 1, "b3at-secret": 0} {
			if n := strings.Count(log.String(), text); n != want {
				t.Errorf("%q is logged %d times, want %d:\n%s", text, n, want, log)
			}
		}
	})
}
