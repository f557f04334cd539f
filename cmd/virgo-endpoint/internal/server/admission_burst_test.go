package server

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"virgo/transport"
)

// A burst is a model of connections that come at once to an endpoint with two processors: a session computes
// for a time, of which the handshake is the part that a refusal costs too.
type burst struct {
	adm                           *admission
	processors                    chan struct{}
	handshake, rest               time.Duration
	began                         time.Time
	served, told, closed, tooSlow atomic.Int64
}

func newBurst(sessionsPerSecond int) *burst {
	const processors = 2
	session := processors * time.Second / time.Duration(sessionsPerSecond)
	return &burst{
		adm:        newAdmission(Limits{}.OrDefaults(), slog.New(slog.DiscardHandler)),
		processors: make(chan struct{}, processors),
		handshake:  session * 45 / 100, rest: session * 55 / 100,
		began: time.Now(),
	}
}

func (b *burst) compute(d time.Duration) {
	b.processors <- struct{}{}
	time.Sleep(d)
	<-b.processors
}

// connect is one connection from its first byte to its end.
func (b *burst) connect(p *place) {
	defer b.adm.leave(p)
	b.adm.heard(p)
	granted := b.turn(p)
	if granted == gone {
		b.closed.Add(1)
		return
	}
	b.compute(b.handshake)
	if time.Since(b.began) > transport.ConnectTimeout {
		b.tooSlow.Add(1)
	}
	if granted == refusing {
		b.told.Add(1)
		return
	}
	b.adm.move(p, active)
	b.compute(b.rest)
	b.served.Add(1)
}

// turn waits as Server.await does.
func (b *burst) turn(p *place) stage {
	half := b.adm.limits.Turn / 2
	select {
	case granted := <-p.granted:
		return granted
	case <-time.After(half):
		b.adm.tooLong(p)
	}
	select {
	case granted := <-p.granted:
		return granted
	case <-time.After(half):
		return gone
	}
}

// Of 5,000 hosts that connect at once, none is closed without an answer by an endpoint that is fast enough:
// each is served or told to come back before it gives up. See "Admission" in the package comment for
// slower ones.
func TestBurstIsServedOrTold(t *testing.T) {
	const hosts, sessionsPerSecond = 5000, 550
	synctest.Test(t, func(t *testing.T) {
		b := newBurst(sessionsPerSecond)
		var wg sync.WaitGroup
		for i := range hosts {
			mine, theirs := net.Pipe()
			defer mine.Close()
			addr := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
			p := b.adm.enter(addressedConn{theirs, net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 1))})
			wg.Go(func() { b.connect(p) })
		}
		wg.Wait()
		b.adm.stop()
		if b.closed.Load() != 0 || b.tooSlow.Load() != 0 || b.served.Load()+b.told.Load() != hosts {
			t.Errorf("%d served, %d told to come back, %d closed; %d handshakes after the agent's time",
				b.served.Load(), b.told.Load(), b.closed.Load(), b.tooSlow.Load())
		}
		if b.served.Load() < 4*b.told.Load() {
			t.Errorf("only %d served, %d told to come back", b.served.Load(), b.told.Load())
		}
	})
}
