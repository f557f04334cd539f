package notify

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// beats are the heartbeats that were asked for. The zero value refuses them; nothing is sent over a network.
type beats struct {
	asked  atomic.Int64
	status atomic.Int64
}

func (b *beats) RoundTrip(r *http.Request) (*http.Response, error) {
	b.asked.Add(1)
	if b.status.Load() == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: int(b.status.Load()), Body: io.NopCloser(strings.NewReader("well")), Request: r}, nil
}

// Heartbeats are sent while the endpoint works, and not while it does not; what is wrong is logged once, without the URL.
func TestHeartbeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := stoppedBench(t, "heartbeat: [{url: env:BEAT, every: 1m}]\n")
		b.beats.status.Store(200)
		var sick atomic.Bool
		b.healthy = func() error {
			if sick.Load() {
				return errors.New("alarms were judged last at 14:05")
			}
			return nil
		}
		b.stop = b.run()
		wait(10*time.Minute + time.Second)
		if n := b.beats.asked.Load(); n != 11 {
			t.Errorf("%d heartbeats in ten minutes", n)
		}
		sick.Store(true)
		wait(10 * time.Minute)
		if n := b.beats.asked.Load(); n != 11 {
			t.Errorf("%d heartbeats, though the endpoint does not work", n)
		}
		sick.Store(false)
		b.beats.status.Store(0)
		wait(10 * time.Minute)
		b.beats.status.Store(200)
		wait(2 * time.Minute)
		for text, want := range map[string]int{"no heartbeat is sent": 1, "alarms were judged last at 14:05": 1, "heartbeats are sent again": 1, "b3at-secret": 0} {
			if n := strings.Count(b.log.String(), text); n != want {
				t.Errorf("%q is logged %d times, want %d:\n%s", text, n, want, b.log)
			}
		}
	})
}
