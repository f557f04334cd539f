package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// What was read is stored and answered before the server ends; what was not read stays with the agent.
func TestShutdownFinishesRequestsInProgress(t *testing.T) {
	site := newSite(t)
	reached, release := make(chan struct{}, 100), make(chan struct{})
	var blocking atomic.Bool
	r := site.start(t, beforeAppend(func() {
		if blocking.Load() {
			reached <- struct{}{}
			<-release
		}
	}))
	p := r.dial(t)
	p.Hello("a", site.token)
	p.OK("a", "check_metrics.post", peertest.Metric("r0", "c"))
	blocking.Store(true)
	id := p.Send("a", "check_metrics.post", peertest.Metric("r1", "c"))
	<-reached // it was read and is being stored
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		ended <- r.server.Shutdown(ctx)
	}()
	if err := <-r.served; err != nil {
		t.Errorf("serve: %v", err)
	}
	if _, err := net.Dial("tcp", r.addr); err == nil {
		t.Error("it still listens")
	}
	select {
	case err := <-ended:
		t.Fatalf("ended before the commit: %v", err)
	default:
	}
	close(release)
	if f := p.Read(); f.ID != id || f.Error != nil {
		t.Errorf("the answer: %+v", f)
	}
	if f, err := p.TryRead(); !errors.Is(err, io.EOF) {
		t.Errorf("then: %+v, %v", f, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := len(site.results(t, intake.Filter{})); n != 2 {
		t.Errorf("%d are stored", n)
	}
}

// Shutdown ends in time though a peer does not read; what it sent is stored.
func TestShutdownIsBounded(t *testing.T) {
	withFakeClock(t, Limits{Write: time.Hour}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		for i := range 3 {
			p.Write(peertest.Frame(i, "a", "check_metrics.post", peertest.Metric(fmt.Sprint("r", i), "c")))
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := r.server.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("shutdown: %v", err)
		}
		if got := time.Since(began); got > 20*time.Second {
			t.Errorf("it took %v", got)
		}
		if n := len(r.results(t, intake.Filter{})); n == 0 {
			t.Error("nothing is stored")
		}
	})
}
