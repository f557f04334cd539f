package main

import (
	"errors"
	"net"
	"sync"
	"time"
)

// linkDelay is the delay of a relay in each direction. It is long compared with the time that either side
// computes, so that everything sent without waiting for an answer is on its way before one arrives.
const linkDelay = 100 * time.Millisecond

// A relay passes connections on over a slow link and counts the agent's round trips: one for each
// connection (TCP), and one for each answer that it gets after it sent something. Its last message,
// the goodbye, is answered only after it closed its side.
type relay struct {
	net.Listener
	target string
	delay  time.Duration

	mu    sync.Mutex
	trips int
	sent  int64 // bytes of the agent
}

func newRelay(target string, delay time.Duration) (*relay, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &relay{Listener: l, target: target, delay: delay}
	go r.serve()
	return r, nil
}

// take returns the number of round trips since the last call of take.
func (r *relay) take() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.trips
	r.trips = 0
	return n
}

// takeSent returns the number of bytes that agents sent since its last call.
func (r *relay) takeSent() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.sent
	r.sent = 0
	return n
}

func (r *relay) serve() {
	for {
		agent, err := r.Accept()
		if err != nil {
			return
		}
		endpoint, err := net.Dial("tcp", r.target)
		if err != nil {
			agent.Close()
			continue
		}
		r.mu.Lock()
		r.trips++
		r.mu.Unlock()
		var asked, gone bool // guarded by r.mu
		go pass(agent, endpoint, r.delay, func(n int, last bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			asked, gone = true, last
			r.sent += int64(n)
		}, nil)
		go pass(endpoint, agent, r.delay, nil, func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			if asked && !gone {
				asked = false
				r.trips++
			}
		})
	}
}

// pass forwards bytes from one side to the other after a delay. It calls read with the size of each part that
// arrives, and with last set at the end of the stream, and written before it forwards each part.
func pass(from, to net.Conn, delay time.Duration, read func(n int, last bool), written func()) {
	type part struct {
		due   time.Time
		bytes []byte
	}
	link := make(chan part, 1024)
	go func() {
		defer close(link)
		for {
			buf := make([]byte, 16<<10)
			n, err := from.Read(buf)
			if read != nil && (n > 0 || err != nil) {
				read(n, err != nil)
			}
			if n > 0 {
				link <- part{time.Now().Add(delay), buf[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range link {
		time.Sleep(time.Until(p.due))
		if written != nil {
			written()
		}
		to.Write(p.bytes) // where that fails the other direction ends as well
	}
	if c, ok := to.(*net.TCPConn); ok {
		c.CloseWrite()
	}
}

// roundTrips reports the number of round trips of a session.
func (b *bench) roundTrips(r *report) error {
	relay, err := newRelay(b.address, linkDelay)
	if err != nil {
		return err
	}
	defer relay.Close()
	host, err := b.enrol("trips", relay.Addr().String())
	if err != nil {
		return err
	}
	// Not measured: fetches the schedule and learns the endpoint's features.
	if _, err := host.run("--strict"); err != nil {
		return err
	}
	relay.take()
	// The number hardly varies: few runs are enough, and the worst one counts.
	worst := 0
	for range 3 {
		b.nextSecond()
		if _, err := host.run("--strict"); err != nil {
			return err
		}
		worst = max(worst, relay.take())
	}
	if worst < 2 {
		return errors.New("nothing went through the relay")
	}
	r.atMost("virgo-run: network round trips", float64(worst), "", roundTripBudget)
	return nil
}
