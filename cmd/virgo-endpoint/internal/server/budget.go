package server

import "sync"

// backlogShare is the part of a budget that backlogs may have, in quarters.
const backlogShare = 3

// A budget is a number of bytes that the results of all connections share until they are stored. Backlogs
// may have three quarters of it, so that fresh results never wait for the bytes of backlogs. A request for
// more than the whole is granted when nothing else is in use.
type budget struct {
	whole, wholeBacklog int64

	mu            sync.Mutex
	freed         *sync.Cond
	free, backlog int64 // what is free, and what of it backlogs may still have
}

func newBudget(n int64) *budget {
	b := &budget{whole: n, wholeBacklog: max(1, n*backlogShare/4), free: n}
	b.backlog = b.wholeBacklog
	b.freed = sync.NewCond(&b.mu)
	return b
}

// A lease is bytes that were taken of a budget.
type lease struct {
	bytes   int64
	backlog bool
}

// take waits until n bytes are free and reserves them. It needs no context: commits return the bytes,
// and take bounded time.
func (b *budget) take(n int64, backlog bool) lease {
	b.mu.Lock()
	defer b.mu.Unlock()
	l := lease{min(n, b.whole), backlog}
	if backlog {
		l.bytes = min(n, b.wholeBacklog)
	}
	for b.free < l.bytes || backlog && b.backlog < l.bytes {
		b.freed.Wait()
	}
	b.reserve(l.bytes, backlog)
	return l
}

// grow adds bytes to a lease at once, also if they are not free: whoever calls it bounds them.
func (b *budget) grow(l *lease, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	l.bytes += n
	b.reserve(n, l.backlog)
}

// give frees what was taken.
func (b *budget) give(l lease) {
	b.mu.Lock()
	b.reserve(-l.bytes, l.backlog)
	b.mu.Unlock()
	b.freed.Broadcast()
}

// reserve is called with the lock held.
func (b *budget) reserve(n int64, backlog bool) {
	b.free -= n
	if backlog {
		b.backlog -= n
	}
}
