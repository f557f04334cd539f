package run

import "sync"

const (
	// maxPendingBytes bounds the results that have arrived and are not persisted yet, up to the last
	// one of them. What arrives then waits, and with it what has its result under way (a plugin's long
	// output, see package plugin).
	maxPendingBytes = 512 << 10
	// maxHeldBytes bounds the persisted results that a run also holds in memory, so that it need not
	// read them again to deliver them.
	maxHeldBytes = 256 << 10
)

// pending counts the results that have arrived and are not persisted. Its methods are called with the
// mutex of checks locked.
type pending struct {
	bytes int
	// full has an element when maxPendingBytes are reached.
	full chan struct{}
	// room is signalled when bytes becomes less. With unbounded set nobody waits for that, because
	// nothing is persisted any more: to lose no result is worth the memory.
	room      sync.Cond
	unbounded bool
}

// wait waits until a further result may arrive.
func (p *pending) wait() {
	for !p.unbounded && p.bytes >= maxPendingBytes {
		p.room.Wait()
	}
}

// add counts a result that arrived.
func (p *pending) add(bytes int) {
	p.bytes += bytes
	if p.bytes < maxPendingBytes {
		return
	}
	select {
	case p.full <- struct{}{}:
	default: // it has one already
	}
}

// persisted forgets what is persisted of the first n ended checks. If the transaction failed, nothing
// more is bounded.
func (c *checks) persisted(n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending.unbounded = c.pending.unbounded || err != nil
	for ; c.freed < n; c.freed++ {
		e := &c.ended[c.freed]
		c.pending.bytes -= e.bytes()
		e.entry.Data, e.latest, e.sample = nil, nil, nil
	}
	c.pending.room.Broadcast()
}

// bytes returns what an ended check holds.
func (e *ended) bytes() int { return len(e.entry.Data) + len(e.latest) + len(e.sample) }
