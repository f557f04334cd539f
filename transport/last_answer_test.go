package transport_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
	"virgo/transport/transporttest"
)

// The endpoint refuses hello and closes, and this side's next write fails before the refusal has
// arrived: the refusal is reported.
func TestEndpointErrorThatArrivesAfterAFailedWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const latency = time.Second
		client, server := transporttest.Link(latency, 0)
		go func() {
			transport.NewReader(server).ReadFrame()
			w := transport.NewWriter(server)
			w.WriteFrame(&transport.Frame{HasID: true, Error: &transport.Error{Code: 401}})
			w.Flush()
			server.Close()
		}()
		l := newLedger(t, 0)
		for i := range 60 {
			l.posts = append(l.posts, post(i, 1<<10))
		}
		l.batch = 30
		l.onNext = func() error {
			if l.next == 30 {
				time.Sleep(latency + latency/2)
			}
			return nil
		}
		_, err := run(t.Context(), client, transport.SessionOptions{Pipelined: true}, l)
		if !errors.Is(err, transport.ErrAuth) {
			t.Fatal(err)
		}
	})
}

// An endpoint that sends requests but no answers has stalled.
func TestRequestsDoNotCountAsAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := transporttest.Link(0, 0)
		go io.Copy(io.Discard, server)
		done := make(chan bool)
		go func() {
			defer close(done)
			w := transport.NewWriter(server)
			for i := transport.ID(0); w.Flush() == nil; i++ {
				time.Sleep(7 * time.Second)
				w.WriteFrame(&transport.Frame{ID: i, Method: "system.info"})
			}
		}()
		start := time.Now()
		_, err := run(t.Context(), client, transport.SessionOptions{}, newLedger(t, 1))
		if !errors.Is(err, transport.ErrConnectionLost) || !strings.Contains(err.Error(), "no answer") || time.Since(start) != transport.IdleTimeout {
			t.Error(err, time.Since(start))
		}
		<-done
	})
}
