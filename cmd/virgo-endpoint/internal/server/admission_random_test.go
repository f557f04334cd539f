package server

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

// checkAdmission compares the counts with the lists, and both with the limits.
func checkAdmission(t *testing.T, a *admission) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	var count [stages]int
	for prefix, one := range a.addresses {
		total := 0
		for s := range one {
			count[s] += one[s].Len()
			total += one[s].Len()
			for e := one[s].Front(); e != nil; e = e.Next() {
				if p := e.Value.(*place); p.stage != stage(s) || p.from != prefix {
					t.Fatalf("a place of %v in stage %d is listed under %v in %d", p.from, p.stage, prefix, s)
				}
			}
		}
		if total == 0 {
			t.Fatalf("%v has no connection and is kept", prefix)
		}
		if one[mute].Len() > a.limits.MutePerAddress || one[greeting].Len() > a.limits.GreetingPerAddress {
			t.Fatalf("%v has %d mute and %d greeting", prefix, one[mute].Len(), one[greeting].Len())
		}
	}
	if count != a.count {
		t.Fatalf("counted %v, listed %v", a.count, count)
	}
	if count[mute] > a.limits.Mute || count[greeting] > a.limits.Served || count[refusing] > a.limits.Refusing ||
		count[ready] > readyPerQueue*a.limits.Queue {
		t.Fatalf("over a limit: %v", count)
	}
	for name, r := range map[string]*ranking{"turns": a.turns, "mute": a.mostMute, "ready": a.mostReady, "greeting": a.mostGreeting} {
		ranked := 0
		for _, one := range a.addresses {
			if one[r.stage].Len() == 0 {
				continue
			}
			ranked++
			if first := r.first(); first == nil || one != first && r.before(one, first) {
				t.Fatalf("%s: another address comes first", name)
			}
		}
		if ranked != len(r.order) || ranked != len(r.at) {
			t.Fatalf("%s: %d addresses, %d ranked", name, ranked, len(r.order))
		}
	}
	if count[ready] > 0 && count[greeting] == 0 {
		t.Fatalf("connections wait and none is served: %v", count)
	}
}

// Whatever connections do, in whatever order, the limits hold, nobody waits for nothing, and when all are
// gone nothing is left.
func TestAdmissionWithRandomConnections(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomConnections(t, seed) })
		})
	}
}

func randomConnections(t *testing.T, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	a := newAdmission(Limits{Mute: 6, MutePerAddress: 3, Served: 5, GreetingPerAddress: 2, Queue: 3, Refusing: 2},
		slog.New(slog.DiscardHandler))
	var all []*place
	stageOf := func(p *place) stage {
		a.mu.Lock()
		defer a.mu.Unlock()
		return p.stage
	}
	for range 400 {
		if len(all) == 0 || r.IntN(3) == 0 {
			mine, theirs := net.Pipe()
			defer mine.Close()
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(r.IntN(4))})
			remote := net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 1))
			all = append(all, a.enter(addressedConn{theirs, remote}))
		}
		p := all[r.IntN(len(all))]
		switch stageOf(p) {
		case mute:
			a.heard(p)
		case greeting:
			a.move(p, []stage{active, gone}[r.IntN(2)])
		case refusing, closing:
			a.leave(p)
		case active, idle:
			[]func(*place){a.rest, a.busy, a.leave, func(p *place) { a.move(p, closing) }}[r.IntN(4)](p)
		case ready:
			if r.IntN(4) == 0 {
				a.leave(p)
			}
		}
		if r.IntN(10) == 0 {
			time.Sleep(time.Duration(r.IntN(1500)) * time.Millisecond)
		}
		synctest.Wait()
		checkAdmission(t, a)
	}
	for _, p := range all {
		a.leave(p)
	}
	a.stop()
	if len(a.addresses) != 0 || len(a.turns.at)+len(a.mostMute.at)+len(a.mostReady.at)+len(a.mostGreeting.at) != 0 || a.count != ([stages]int{}) {
		t.Errorf("left: %v, %v", a.addresses, a.count)
	}
}
