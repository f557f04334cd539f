package fleet

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// An AttackTally is what became of the connections of one kind of attack.
type AttackTally struct {
	Name string
	// Expected ended as the protocol says, Early before they did harm: closed to make room, or told to come back.
	Expected, Early int
	// Allowed got what they must not get: a session, an acknowledgement, or a place for as long as an agent waits.
	Allowed int
}

// Attackers are hosts that want to disturb others. They have addresses and connections of their own.
type Attackers struct {
	// Enrolled have registered keys, and abuse their sessions. Strangers have keys that nobody registered. Both
	// want to be Victims, of which they know ids and public keys.
	Enrolled, Strangers, Victims *Fleet
}

// A verdict is how a connection of an attacker ended.
type verdict int

const (
	early verdict = iota
	expected
	allowed
)

// An attack is one kind of harm.
type attack struct {
	name string
	// addresses is how many have so many connections at a time, and pause how long each waits before it connects
	// again. Attacks that cost the simulator as much as the endpoint have a pause: they share the processors.
	addresses, connections int
	pause                  time.Duration
	// do does the harm on a connection that was opened.
	do func(a *attacker, nc net.Conn) verdict
}

// attacks returns all kinds.
func attacks() []attack {
	const ms = time.Millisecond
	return []attack{
		{"send nothing", 4, 250, 0, (*attacker).silent},
		{"stall within the TLS handshake", 2, 150, 0, (*attacker).stallHandshake},
		{"stall within hello", 2, 150, 0, (*attacker).stallHello},
		{"send garbage instead of TLS", 1, 8, 100 * ms, (*attacker).garbage},
		{"send junk instead of HTTP", 1, 4, 100 * ms, (*attacker).junkHTTP},
		{"hello of a known id with a wrong proof", 1, 4, 200 * ms, (*attacker).wrongProof},
		{"hello of an unknown id", 1, 4, 200 * ms, (*attacker).unknownID},
		{"hello of a stolen id with another key", 1, 4, 200 * ms, (*attacker).stolenID},
		{"a hello that is too large", 1, 4, 200 * ms, (*attacker).largeHello},
		{"a frame that is too large", 1, 4, 1000 * ms, (*attacker).largeFrame},
		{"compressed lists that lie about raw_bytes", 1, 4, 500 * ms, (*attacker).lies},
		{"results that are nested too deep", 1, 4, 200 * ms, (*attacker).nested},
		{"connect and close", 2, 8, 20 * ms, (*attacker).connect},
		{"connect, do the handshake and close", 2, 4, 50 * ms, (*attacker).handshake},
	}
}

// spread is the time in which attackers begin: all at the same moment would be a burst of the simulator's.
const spread = 2 * time.Second

// An attacker has one connection at a time.
type attacker struct {
	*Attackers
	ctx context.Context
	n   int // distinguishes the attackers of one attack
}

// Run lets all attack until ctx ends. Only what ended before counts.
func (a *Attackers) Run(ctx context.Context) []AttackTally {
	all := attacks()
	tallies := make([]AttackTally, len(all))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for kind := range all {
		one := &all[kind]
		tallies[kind].Name = one.name
		for n := range one.addresses * one.connections {
			wg.Go(func() {
				pause(ctx, spread*time.Duration(n)/time.Duration(one.addresses*one.connections))
				for ctx.Err() == nil {
					v, err := a.once(ctx, one, kind, n)
					if err == nil && ctx.Err() == nil {
						mu.Lock()
						tallies[kind].add(v)
						mu.Unlock()
					}
					if err != nil { // the kernel's queue is full
						pause(ctx, time.Second)
					}
					pause(ctx, one.pause)
				}
			})
		}
	}
	wg.Wait()
	return tallies
}

func (t *AttackTally) add(v verdict) {
	switch v {
	case expected:
		t.Expected++
	case allowed:
		t.Allowed++
	default:
		t.Early++
	}
}

// once connects and attacks. Error: there is no connection.
func (a *Attackers) once(ctx context.Context, one *attack, kind, n int) (verdict, error) {
	d := net.Dialer{Timeout: dialTime, KeepAlive: -1, LocalAddr: hostileSourceOf(kind, n%one.addresses)}
	nc, err := d.DialContext(ctx, "tcp", a.Victims.address)
	if err != nil {
		return early, err
	}
	stop := context.AfterFunc(ctx, func() { nc.Close() })
	defer stop()
	defer nc.Close()
	return a.attempt(ctx, one, n, nc)
}

// attempt attacks on a connection. Error: it cannot be used.
func (a *Attackers) attempt(ctx context.Context, one *attack, n int, nc net.Conn) (verdict, error) {
	if err := nc.SetDeadline(time.Now().Add(sessionTime)); err != nil {
		return early, err
	}
	return one.do(&attacker{a, ctx, n}, nc), nil
}

// tls does the handshake; nil if it failed.
func (a *attacker) tls(nc net.Conn) *tls.Conn {
	conn := tls.Client(nc, a.Victims.config)
	if conn.HandshakeContext(a.ctx) != nil {
		return nil
	}
	return conn
}
