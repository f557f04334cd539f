package main

import (
	"errors"
	"net"
	"sync"
	"time"
)

// linkDelay is how long a relay takes to pass bytes on, each way. It is long beside what either side
// computes, so that what was sent without waiting for an answer is all on its way before one arrives.
const linkDelay = 100 * time.Millisecond

// A relay passes connections on over a slow link and counts the agent's round trips: one for each
// connection (TCP), and one each time that it is answered after it had sent something. What it sends
// last, its goodbye, is not answered before it is gone.
type relay struct {
	net.Listener
	target string
	delay  time.Duration

	mu    sync.Mutex
	trips int
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

// take gives the round trips since it was last called.
func (r *relay) take() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.trips
	r.trips = 0
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
		go pass(agent, endpoint, r.delay, func(last bool) {
			r.mu.Lock()
			defer r.mu.Unlock()
			asked, gone = true, last
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

// pass carries bytes from one side to the other, each delay after it came. read is told of each
// that comes, and of the end; written before each that is passed on.
func pass(from, to net.Conn, delay time.Duration, read func(last bool), written func()) {
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
				read(err != nil)
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

// roundTrips counts those of a session.
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
	// Unmeasured: fetches the schedule and learns what the endpoint can.
	if _, err := host.run("run", "--strict"); err != nil {
		return err
	}
	relay.take()
	// Hardly anything of it depends on chance: few runs are enough, and the worst one counts.
	worst := 0
	for range 3 {
		b.nextSecond()
		if _, err := host.run("run", "--strict"); err != nil {
			return err
		}
		worst = max(worst, relay.take())
	}
	if worst < 2 {
		return errors.New("nothing went through the relay")
	}
	r.atMost("virgo run: network round trips", float64(worst), "", roundTripBudget)
	return nil
}
