package live

import (
	"context"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// changesEvery is the shortest time between two changes that a subscriber gets.
	changesEvery = time.Second
	// maxPending bounds the hosts of a change; where there are more, the subscriber reads all anew.
	maxPending = 4096
)

// A Change says which hosts' rows may differ, or are gone.
type Change struct {
	Hosts []intake.AgentNumber
	// Resync is true if any row may differ.
	Resync bool
}

// subscribers are those who follow changes.
type subscribers struct {
	mu   sync.Mutex
	list map[*subscriber]bool
}

// A subscriber is one of them. Its fields are under the lock of all.
type subscriber struct {
	pending map[intake.AgentNumber]bool
	resync  bool
	ready   chan struct{} // has one place: something is pending
}

// Subscribe returns a channel of changes, of which at most one comes in a second; it is closed when ctx is done. Whoever reads
// slowly gets what changed meanwhile at once.
func (t *Table) Subscribe(ctx context.Context) <-chan Change { return t.subscribers.subscribe(ctx) }

func (s *subscribers) subscribe(ctx context.Context) <-chan Change {
	one := &subscriber{pending: map[intake.AgentNumber]bool{}, ready: make(chan struct{}, 1)}
	s.mu.Lock()
	if s.list == nil {
		s.list = map[*subscriber]bool{}
	}
	s.list[one] = true
	s.mu.Unlock()
	changes := make(chan Change)
	go func() {
		defer close(changes)
		defer func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.list, one)
		}()
		for {
			select {
			case <-one.ready:
			case <-ctx.Done():
				return
			}
			next := s.next(one)
			if !next.Resync && len(next.Hosts) == 0 {
				continue // it went with the change before
			}
			select {
			case changes <- next:
			case <-ctx.Done():
				return
			}
			pause := time.NewTimer(changesEvery)
			select {
			case <-pause.C:
			case <-ctx.Done():
				pause.Stop()
				return
			}
		}
	}()
	return changes
}

// next takes what is pending of a subscriber.
func (s *subscribers) next(one *subscriber) Change {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Change{Resync: one.resync}
	if !c.Resync {
		for agent := range one.pending {
			c.Hosts = append(c.Hosts, agent)
		}
	}
	one.resync = false
	clear(one.pending)
	return c
}

// notify tells all subscribers of hosts that may differ.
func (s *subscribers) notify(agents ...intake.AgentNumber) {
	if len(agents) == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.list {
		for _, agent := range agents {
			one.pending[agent] = true
		}
		if len(one.pending) > maxPending {
			one.resync = true
			clear(one.pending)
		}
		one.wake()
	}
}

// all tells all subscribers that everything may differ.
func (s *subscribers) all() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one := range s.list {
		one.resync = true
		one.wake()
	}
}

func (o *subscriber) wake() {
	select {
	case o.ready <- struct{}{}:
	default:
	}
}
