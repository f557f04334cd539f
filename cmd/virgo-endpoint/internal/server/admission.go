package server

import (
	"container/list"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peer"
)

// A stage is what a connection does, and which limit it counts against.
type stage int

const (
	// mute: nothing was received from it yet.
	mute stage = iota
	// ready: its first byte is there, and it waits for its turn. Nothing is read from it.
	ready
	// greeting: TLS, and then the first good hello, or HTTP.
	greeting
	// refusing: like greeting, but its hello is answered with a rate limit.
	refusing
	// active: a hello was good, and requests arrive.
	active
	// idle: a hello was good, and nothing has been requested for a while.
	idle
	// closing: the peer has a moment to read its last answer.
	closing
	// gone: closed, by the peer or because another one took its place.
	gone

	stages = int(gone) + 1
)

const (
	// displaceAfter is for how long a place in the stage greeting cannot be taken away by another
	// connection of its address: a handshake over a slow link takes as long.
	displaceAfter = 2 * time.Second
	// shareAfter is the same for a connection of an address that has fewer places.
	shareAfter = 500 * time.Millisecond
	// idleAfter is the time without a request after which a session no longer counts as served.
	idleAfter = time.Second
	// readyPerQueue times Limits.Queue is how many connections may be ready at most.
	readyPerQueue = 2
)

// A place is one connection in the admission.
type place struct {
	conn net.Conn
	from netip.Prefix
	// granted receives what a ready connection may go on with: greeting, refusing, or gone where it was
	// closed.
	granted chan stage

	// Under the admission's lock.
	stage stage
	order uint64 // of entering the stage, among all
	since time.Time
	elem  *list.Element
}

// An address is what one address has in each stage, the oldest first.
type address [stages]list.List

func (a *address) oldest(s stage) *place {
	if e := a[s].Front(); e != nil {
		return e.Value.(*place)
	}
	return nil
}

func (a *address) newest(s stage) *place {
	if e := a[s].Back(); e != nil {
		return e.Value.(*place)
	}
	return nil
}

// An admission decides which connections are served, which wait, which are refused and which are
// closed; see "Admission" in the package comment.
type admission struct {
	limits Limits
	log    *slog.Logger

	mu        sync.Mutex
	addresses map[netip.Prefix]*address
	count     [stages]int
	// turns has the address whose turn it is; the others those with the most connections in a stage.
	turns, mostMute, mostReady, mostGreeting *ranking
	lastOrder                                uint64
	// overdue are the ready connections that have waited for long, the first one first; among them may be
	// some that are no longer ready.
	overdue []*place
	timer   *time.Timer // runs dispatch when a place may be displaced; nil while none is wanted
	stopped bool
}

func newAdmission(limits Limits, log *slog.Logger) *admission {
	return &admission{limits: limits, log: log, addresses: map[netip.Prefix]*address{},
		turns:        newRanking(ready, servedLeast),
		mostMute:     most(mute, (*address).oldest, older),
		mostReady:    most(ready, (*address).newest, newer),
		mostGreeting: most(greeting, (*address).oldest, older),
	}
}

// enter gives a new connection a place among the mute ones. Where there are too many, the oldest of the
// address that has the most is closed.
func (a *admission) enter(nc net.Conn) *place {
	p := &place{conn: nc, from: peer.OfConn(nc), granted: make(chan stage, 1), stage: gone}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(p, mute)
	switch own := a.addresses[p.from]; {
	case own[mute].Len() > a.limits.MutePerAddress:
		a.displace(own.oldest(mute), "its address has too many connections that send nothing")
	case a.count[mute] > a.limits.Mute:
		a.displace(oldestOfMost(a.mostMute), "too many connections send nothing")
	}
	return p
}

// heard notes that the first byte of a connection is there. Where too many wait, the newest of the
// address that has the most is closed.
func (a *admission) heard(p *place) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.stage == gone {
		return
	}
	a.put(p, ready)
	if a.count[ready] > readyPerQueue*a.limits.Queue {
		a.displace(newestOfMost(a.mostReady), "too many connections wait for their turn")
	}
	a.dispatch()
}

// tooLong notes that a ready connection has waited for long: its hello is to be refused.
func (a *admission) tooLong(p *place) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.stage == ready {
		a.overdue = append(a.overdue, p)
		a.dispatch()
	}
}

// began notes that a connection has a turn to compute: that it had to wait for it is not its peer's fault.
func (a *admission) began(p *place) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.stage == greeting {
		p.since = time.Now()
	}
}

// move notes what a connection that is served does now.
func (a *admission) move(p *place, to stage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.stage == gone || p.stage == to {
		return
	}
	a.put(p, to)
	a.dispatch()
}

// busy and rest move between active and idle only: a timer may call rest at any time.
func (a *admission) busy(p *place) { a.between(p, idle, active) }
func (a *admission) rest(p *place) { a.between(p, active, idle) }

func (a *admission) between(p *place, from, to stage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p.stage == from {
		a.put(p, to)
		a.dispatch()
	}
}

// leave gives up the place of a connection that is closed.
func (a *admission) leave(p *place) { a.move(p, gone) }

// displaced reports whether a connection had to make room.
func (a *admission) displaced(p *place) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return p.stage == gone
}

// stop ends the admission: no connection is granted anything any more.
func (a *admission) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stopped = true
	if a.timer != nil {
		a.timer.Stop()
	}
}

// put moves a place between the lists. The lock is held, as for everything below.
func (a *admission) put(p *place, to stage) {
	own := a.addresses[p.from]
	if p.stage != gone {
		own[p.stage].Remove(p.elem)
		a.count[p.stage]--
	} else if own == nil {
		own = &address{}
		a.addresses[p.from] = own
	}
	p.stage = to
	if to == gone {
		a.rank(own)
		for s := range own {
			if own[s].Len() > 0 {
				return
			}
		}
		delete(a.addresses, p.from)
		return
	}
	a.lastOrder++
	p.order, p.since = a.lastOrder, time.Now()
	p.elem = own[to].PushBack(p)
	a.count[to]++
	a.rank(own)
}

// rank puts an address where it belongs after its lists have changed.
func (a *admission) rank(one *address) {
	for _, r := range [...]*ranking{a.turns, a.mostMute, a.mostReady, a.mostGreeting} {
		r.update(one)
	}
}

// oldestOfMost returns the oldest connection in a stage of the address that has the most there, and of
// several such addresses the oldest of all; newestOfMost is the same with the newest. They are nil if the
// stage is empty.
func oldestOfMost(r *ranking) *place {
	if one := r.first(); one != nil {
		return one.oldest(r.stage)
	}
	return nil
}

func newestOfMost(r *ranking) *place {
	if one := r.first(); one != nil {
		return one.newest(r.stage)
	}
	return nil
}

func older(p, q *place) bool { return p.order < q.order }
func newer(p, q *place) bool { return p.order > q.order }

// servedLeast ranks the addresses with ready connections by whose turn it is: the one that is served least,
// and of these the one that has waited longest.
func servedLeast(a, b *address) bool {
	if n, m := a[greeting].Len(), b[greeting].Len(); n != m {
		return n < m
	}
	return older(a.oldest(ready), b.oldest(ready))
}

// displace closes a connection that has to make room.
func (a *admission) displace(p *place, why string) {
	a.log.Warn("a connection was closed to make room", "reason", why, "remote", remoteOf(p.conn),
		"connections_of_its_address", a.addresses[p.from][p.stage].Len())
	if p.stage == ready {
		p.granted <- gone
	}
	a.put(p, gone)
	p.conn.Close()
}

// dispatch lets ready connections go on: to be served while there are places, to be refused where they have
// waited for long, or more wait than Limits.Queue.
func (a *admission) dispatch() {
	if a.stopped {
		return
	}
	var again time.Duration // until a place can be taken away
	for a.count[ready] > 0 {
		p := a.turns.first().oldest(ready)
		if a.free(p) {
			a.grant(p, greeting)
			continue
		}
		victim, after := a.victim(p)
		if victim == nil {
			break
		}
		if again = after - time.Since(victim.since); again > 0 {
			break
		}
		a.displace(victim, "it has sent no hello, and others wait")
	}
	for a.count[refusing] < a.limits.Refusing {
		p := a.nextRefused()
		if p == nil {
			break
		}
		a.grant(p, refusing)
	}
	if again > 0 && a.timer == nil {
		a.timer = time.AfterFunc(again, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.timer = nil
			a.dispatch()
		})
	}
}

// nextRefused returns the ready connection that is to be refused; nil if there is none.
func (a *admission) nextRefused() *place {
	for len(a.overdue) > 0 {
		p := a.overdue[0]
		a.overdue[0] = nil
		a.overdue = a.overdue[1:]
		if p.stage == ready {
			return p
		}
	}
	if a.count[ready] > a.limits.Queue {
		return newestOfMost(a.mostReady)
	}
	return nil
}

// free reports whether there is a place in the stage greeting for a connection.
func (a *admission) free(p *place) bool {
	return a.count[greeting]+min(a.count[active], a.limits.Served/2) < a.limits.Served &&
		a.addresses[p.from][greeting].Len() < a.limits.GreetingPerAddress
}

// victim returns the connection that has to make room for p once it has been there for a time: the oldest
// of p's own address where that has too many, else of the address with the most.
func (a *admission) victim(p *place) (victim *place, after time.Duration) {
	own := a.addresses[p.from]
	if own[greeting].Len() >= a.limits.GreetingPerAddress {
		return own.oldest(greeting), displaceAfter
	}
	oldest := oldestOfMost(a.mostGreeting)
	switch {
	case oldest == nil:
		return nil, 0
	case oldest.from == p.from:
		return oldest, displaceAfter
	case a.addresses[oldest.from][greeting].Len() <= own[greeting].Len()+1:
		return nil, 0
	}
	return oldest, shareAfter
}

func (a *admission) grant(p *place, s stage) {
	a.put(p, s)
	p.granted <- s
}
