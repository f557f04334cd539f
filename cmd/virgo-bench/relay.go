package main

import (
	"fmt"
	"net"
	"sync"
)

// A relay passes one connection on and counts its flights: each time that bytes begin to go
// from the agent to the endpoint after the endpoint had spoken.
type relay struct {
	net.Listener
	mu      sync.Mutex
	toward  bool // the last bytes went to the endpoint
	flights int
	bytes   int64
}

func newRelay(target string) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{Listener: l}
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", target)
			if err != nil {
				in.Close()
				continue
			}
			go r.pass(in, out, true)
			go r.pass(out, in, false)
		}
	}()
	return r, nil
}

func (r *relay) pass(from, to net.Conn, toward bool) {
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			r.mu.Lock()
			if toward && !r.toward {
				r.flights++
			}
			r.toward = toward
			r.bytes += int64(n)
			r.mu.Unlock()
			if _, err := to.Write(buf[:n]); err != nil {
				from.Close()
			}
		}
		if err != nil {
			if c, ok := to.(*net.TCPConn); ok {
				c.CloseWrite()
			}
			return
		}
	}
}

// roundTrips counts those of a session: TCP's own, then every flight of the agent's that waits for an
// answer. The last flight is the goodbye, which waits for none.
func (b *bench) roundTrips(r *report) error {
	relay, err := newRelay(b.address)
	if err != nil {
		return err
	}
	defer relay.Close()
	host, err := b.enrol("trips", relay.Addr().String())
	if err != nil {
		return err
	}
	// Unmeasured: fetches the schedule and learns what the endpoint can.
	if _, err := host.run("run", "--strict"); err != nil {
		return err
	}
	var trips []float64
	for range b.cli.Runs {
		nextSecond()
		relay.mu.Lock()
		relay.flights, relay.toward = 0, false
		relay.mu.Unlock()
		if _, err := host.run("run", "--strict"); err != nil {
			return err
		}
		relay.mu.Lock()
		trips = append(trips, float64(1+relay.flights-1))
		relay.mu.Unlock()
	}
	if n := median(trips); n < 2 {
		return fmt.Errorf("%v round trips counted: nothing went through the relay", n)
	}
	r.budget("run: network round trips", median(trips), "", roundTripBudget)
	return nil
}
