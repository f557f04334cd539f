package server

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peertest"
)

// halfFrame sends the first half of a large post.
func halfFrame(t *testing.T, r *running, l *pipeListener, agent, token string) *peertest.Peer {
	t.Helper()
	p := r.over(t, l.dial())
	p.Hello(agent, token)
	p.Write(peertest.Frame(9, agent, "check_metrics.post", large(60<<10))[:40<<10])
	return p
}

// Large is from 16 KiB on in these tests.
var smallLimits = Limits{UnauthenticatedFrameBytes: 16 << 10, LargeFrames: 3, LargeFramesPerToken: 2}

// Half frames that stall make room for another one after a second, also for one of the same token.
func TestHalfFramesMakeRoom(t *testing.T) {
	withFakeClock(t, smallLimits, func(t *testing.T, r *running, l *pipeListener) {
		for i := range 2 {
			halfFrame(t, r, l, fmt.Sprint("half", i), r.token)
		}
		p := r.over(t, l.dial())
		p.Hello("whole", r.token)
		began := time.Now()
		for i := range 4 {
			p.OK("whole", "check_metrics.post", largeAs(fmt.Sprint("r", i), 60<<10))
		}
		if waited := time.Since(began); waited > stalledAfter+largeFramePoll {
			t.Errorf("waited for %v", waited)
		}
		r.stop(t)
		if n := strings.Count(r.log.String(), errDisplacedFrame.Error()); n != 1 {
			t.Errorf("%d made room:\n%s", n, r.log)
		}
	})
}

// Agents of one token leave room for those of others.
func TestLargeFramesOfOneToken(t *testing.T) {
	withFakeClock(t, smallLimits, func(t *testing.T, r *running, l *pipeListener) {
		other := r.legacyToken(t, "whole")
		for i := range 2 {
			halfFrame(t, r, l, fmt.Sprint("half", i), r.token)
		}
		p := r.over(t, l.dial())
		p.Hello("whole", other)
		began := time.Now()
		p.OK("whole", "check_metrics.post", large(60<<10))
		if waited := time.Since(began); waited != 0 {
			t.Errorf("waited for %v", waited)
		}
	})
}

// A frame that trickles makes room as one that has stalled does; where nobody waits it goes on.
func TestSlowLargeFrame(t *testing.T) {
	withFakeClock(t, Limits{UnauthenticatedFrameBytes: 16 << 10, LargeFrames: 1}, func(t *testing.T, r *running, l *pipeListener) {
		slow, quick := r.over(t, l.dial()), r.over(t, l.dial())
		slow.Hello("slow", r.token)
		quick.Hello("quick", r.token)
		text := peertest.Frame(9, "slow", "check_metrics.post", large(60<<10))
		for ; len(text) > 0; text = text[min(len(text), 1<<10):] {
			slow.Write(text[:min(len(text), 1<<10)])
			time.Sleep(time.Second)
		}
		if f := slow.Read(); f.Error != nil {
			t.Errorf("a slow frame: %+v", f)
		}
		quick.OK("quick", "check_metrics.post", large(60<<10))

		background(t, func() {
			text := peertest.Frame(10, "slow", "check_metrics.post", largeAs("r2", 60<<10))
			for ; len(text) > 1<<10; text = text[1<<10:] {
				if _, err := slow.Conn.Write([]byte(text[:1<<10])); err != nil {
					return
				}
				time.Sleep(500 * time.Millisecond)
			}
			t.Error("it was not closed")
		})
		time.Sleep(20 * time.Second)
		began := time.Now()
		quick.OK("quick", "check_metrics.post", largeAs("r2", 60<<10))
		if waited := time.Since(began); waited > time.Second {
			t.Errorf("waited for %v", waited)
		}
	})
}

// A large frame that is there and waits for the store makes no room for others, however long that takes.
func TestWholeLargeFrameWaits(t *testing.T) {
	limits := Limits{UnauthenticatedFrameBytes: 16 << 10, LargeFrames: 1, PendingBytes: 1 << 20}
	withFakeClock(t, limits, func(t *testing.T, r *running, l *pipeListener) {
		first, second := r.over(t, l.dial()), r.over(t, l.dial())
		first.Hello("whole", r.token)
		second.Hello("other", r.token)
		held := r.server.pending.take(1<<20, true)
		background(t, func() { first.Write(peertest.Frame(9, "whole", "check_metrics.post", large(100<<10))) })
		synctest.Wait()
		background(t, func() {
			peer := peertest.Frame(9, "other", "check_metrics.post", large(60<<10))
			second.Conn.Write([]byte(peer))
		})
		time.Sleep(20 * time.Second)
		r.server.pending.give(held)
		for name, p := range map[string]*peertest.Peer{"first": first, "second": second} {
			if f, err := p.TryRead(); err != nil || f.Error != nil {
				t.Errorf("%s: %+v, %v", name, f, err)
			}
		}
	})
}
