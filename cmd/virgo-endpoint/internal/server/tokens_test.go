package server

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/peertest"
	"virgo/transport"
)

// wantLimited calls and expects a rate limit, whose message it returns.
func wantLimited(t *testing.T, p *peertest.Peer, agent, method, params string) string {
	t.Helper()
	f := p.Call(agent, method, params)
	if f.Error == nil || f.Error.Type != transport.TypeRateLimit || f.Error.RetryAfterMS <= 0 {
		t.Fatalf("%s of %s: %+v", method, agent, f)
	}
	return f.Error.Message
}

// An agent over its quota is told to come back. The rest of its session is refused too, other agents are
// not; after the time that it was told, it is served again.
func TestRequestsOfAnAgent(t *testing.T) {
	withFakeClock(t, Limits{RequestsPerAgent: 1}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		p.Hello("b", r.token)
		for i := range 9 { // the hello was the first
			p.OK("a", "check_metrics.post", peertest.Metric(fmt.Sprint("r", i), "c"))
		}
		f := p.Call("a", "check_metrics.post", peertest.Metric("r9", "c"))
		if f.Error == nil || f.Error.Type != transport.TypeRateLimit || f.Error.Code == transport.CodeBadRequest ||
			f.Error.Message != "1 requests a minute are the limit for an agent" {
			t.Fatalf("%+v", f.Error)
		}
		time.Sleep(time.Minute)
		wantLimited(t, p, "a", "check_metrics.post", peertest.Metric("r10", "c"))
		wantLimited(t, p, "a", "heartbeat.post", "null")
		p.OK("b", "check_metrics.post", peertest.Metric("r0", "c"))
		r.wantStored(t, 10)

		time.Sleep(time.Duration(f.Error.RetryAfterMS) * time.Millisecond)
		p = r.over(t, l.dial())
		p.Hello("a", r.token)
		p.OK("a", "check_metrics.post", peertest.Metric("r9", "c"))
		r.wantStored(t, 11)
	})
}

// Who goes on after a rate limit is disconnected.
func TestRequestsAfterARateLimit(t *testing.T) {
	withFakeClock(t, Limits{RequestsPerAgent: 1}, func(t *testing.T, r *running, l *pipeListener) {
		p := r.over(t, l.dial())
		p.Hello("a", r.token)
		for range agentBurst - 1 {
			p.OK("a", "heartbeat.post", "null")
		}
		for range maxLimited {
			wantLimited(t, p, "a", "heartbeat.post", "null")
		}
		p.Send("a", "heartbeat.post", "null")
		p.Ended()
	})
}

// Whoever has a token cannot use more by calling itself by many names.
func TestQuotasOfAToken(t *testing.T) {
	for name, test := range map[string]struct {
		limits Limits
		want   string
	}{
		"requests": {Limits{RequestsPerToken: 7}, "7 requests a minute are the limit for a token's agents"},
		"bytes":    {Limits{BytesPerToken: 700}, "700 bytes a minute are the limit for a token's agents"},
		"agents":   {Limits{AgentsPerToken: 3}, "3 other agents used this token in the last day, and no more may"},
		"connections": {Limits{ConnectionsPerToken: 3},
			"the agents of this token have 3 connections, and may not have more at a time"},
	} {
		t.Run(name, func(t *testing.T) {
			withFakeClock(t, test.limits, func(t *testing.T, r *running, l *pipeListener) {
				other := r.legacyToken(t, "real")
				var refused string
				for i := 0; refused == ""; i++ {
					if i == 10 {
						t.Fatal("never refused")
					}
					p, agent := r.over(t, l.dial()), fmt.Sprint("ghost", i)
					calls := []struct{ method, params string }{
						{"handshake.hello", peertest.Hello(agent, r.token)},
						{"check_metrics.post", peertest.Metric("r1", "c")},
					}
					for _, c := range calls {
						f := p.Call(agent, c.method, c.params)
						if f.Error != nil {
							refused = f.Error.Message
							break
						}
					}
				}
				if refused != test.want {
					t.Errorf("refused: %s", refused)
				}
				p := r.over(t, l.dial())
				p.Hello("real", other)
				p.OK("real", "check_metrics.post", peertest.Metric("r1", "c"))
			})
		})
	}
}

// Connections that end make room, and so do agents that were not heard of for a day.
func TestQuotasOfATokenAreGivenBack(t *testing.T) {
	withFakeClock(t, Limits{ConnectionsPerToken: 1, AgentsPerToken: 2}, func(t *testing.T, r *running, l *pipeListener) {
		for i := range 5 {
			p := r.over(t, l.dial())
			p.Hello(fmt.Sprint("a", i%2), r.token)
			p.Hello(fmt.Sprint("a", i%2), r.token) // on the same connection
			p.Conn.Close()
			synctest.Wait()
		}
		p := r.over(t, l.dial())
		wantLimited(t, p, "a2", "handshake.hello", peertest.Hello("a2", r.token))
		p.Conn.Close()
		time.Sleep(agentTime + time.Second)
		r.over(t, l.dial()).Hello("a2", r.token)
	})
}

func TestBucket(t *testing.T) {
	now := time.Now()
	b := bucket{}
	take := func(n, limit int64) time.Duration {
		wait := b.wait(n, limit, 1, now)
		if wait == 0 {
			b.level += float64(n)
		}
		return wait
	}
	if wait := take(500, 100); wait != 0 { // more than the limit fits into an empty one
		t.Errorf("%v", wait)
	}
	if wait := take(1, 100); wait.Round(time.Second) != 4*time.Minute+time.Second {
		t.Errorf("%v until 1 fits in", wait)
	}
	now = now.Add(4*time.Minute + 30*time.Second)
	if wait := take(50, 100); wait != 0 {
		t.Errorf("%v", wait)
	}
	if wait := b.wait(100, 100, 2, now); wait != 0 {
		t.Errorf("%v until a burst fits in", wait)
	}
	if wait := take(500, 100); wait.Round(time.Second) != 30*time.Second { // until it is half empty
		t.Errorf("%v until 500 fit in", wait)
	}
}

// The client of package transport keeps what a rate limit turned away, and delivers it later.
func TestAgentKeepsResultsOverItsQuota(t *testing.T) {
	site := newSite(t)
	r := site.start(t, func(o *Options) { o.Limits.RequestsPerAgent = 300 / agentBurst })
	b := newBacklog(500)
	_, err := r.deliver(t, b, true, nil)
	var limit *transport.Error
	if !errors.Is(err, transport.ErrRateLimit) || !errors.As(err, &limit) || limit.RetryAfterMS <= 0 {
		t.Fatalf("delivery: %v", err)
	}
	if !errors.Is(err, transport.ErrRateLimit) || len(b.params) < 200 || len(b.params) > 500 {
		t.Errorf("%d are left, %v", len(b.params), err)
	}
	if stored := len(site.results(t, intake.Filter{})); stored == 0 || stored+len(b.params) != 500 {
		t.Errorf("%d are stored, %d are left", stored, len(b.params))
	}
}
