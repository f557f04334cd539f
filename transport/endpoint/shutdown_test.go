package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// What was read is committed and answered before the server ends; what was not read is the agent's.
func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	site := newSite(t)
	reached, release := make(chan struct{}, 100), make(chan struct{})
	var holding atomic.Bool
	r := site.start(t, func(o *Options) {
		o.Hook = func(point string) {
			if holding.Load() && point == "before commit" {
				reached <- struct{}{}
				<-release
			}
		}
	})
	p := r.dial(t)
	p.hello("a", site.token)
	p.ok("a", "check_metrics.post", metric("r0", "c"))
	holding.Store(true)
	id := p.send("a", "check_metrics.post", metric("r1", "c"))
	<-reached // it was read and is being committed
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
	if f := p.read(); f.ID != id || f.Error != nil {
		t.Errorf("the answer: %+v", f)
	}
	if f, err := p.tryRead(); !errors.Is(err, io.EOF) {
		t.Errorf("then: %+v, %v", f, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if n := len(results(t, site.store(t), ResultFilter{})); n != 2 {
		t.Errorf("%d are stored", n)
	}
}

// Time runs out for who does not read; what was taken of it is stored.
func TestShutdownIsBounded(t *testing.T) {
	inOwnTime(t, Limits{Write: time.Hour}, func(t *testing.T, r *running, l *pipes) {
		p := r.over(t, l.dial())
		p.hello("a", r.token)
		for i := range 3 {
			p.write(frame(i, "a", "check_metrics.post", metric(fmt.Sprint("r", i), "c")))
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
		if n := len(results(t, r.store(t), ResultFilter{})); n == 0 {
			t.Error("nothing is stored")
		}
	})
}
