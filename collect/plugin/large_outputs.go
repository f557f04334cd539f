package plugin

import (
	"sync"
	"time"
)

// Limits of the memory that the outputs of a run's plugins take together.
const (
	// smallOutputBytes is how much of its output every plugin may have parsed at any time. An output of
	// 1 MiB takes several MiB as metrics, so only a few plugins may have more at the same time.
	smallOutputBytes = 32 << 10
	// largeSlots is how many may.
	largeSlots = 2
	// slotPatience is how long those that wait see no other make progress before one of them goes on
	// in addition: a plugin may print much and then work for minutes, and its slot with it.
	slotPatience = 3 * time.Second
)

// largeOutputs bounds how many plugins of a run have more than smallOutputBytes of output in memory. A
// plugin whose output is longer takes a slot, and keeps it until its result has been passed on. Where
// all are taken its output is not read, so that the plugin waits in its write(2) as it does for any
// slow reader.
type largeOutputs struct {
	// large is called before the first slot is taken; nil: not called.
	large func()

	mu      sync.Mutex
	called  bool
	taken   int
	changed time.Time       // when the last slot was taken or returned
	waiting []chan struct{} // in the order of arrival; closed when it has a slot
}

// take takes a slot and returns how long it waited for it. It is not ok if quit is closed first.
func (l *largeOutputs) take(quit <-chan struct{}) (waited time.Duration, ok bool) {
	l.mu.Lock()
	first := !l.called
	l.called = true
	if first && l.large != nil {
		l.large()
	}
	if l.taken < largeSlots && len(l.waiting) == 0 {
		l.grant()
		l.mu.Unlock()
		return 0, true
	}
	turn := make(chan struct{})
	l.waiting = append(l.waiting, turn)
	l.mu.Unlock()
	began := time.Now()
	patience := time.NewTicker(slotPatience)
	defer patience.Stop()
	for {
		select {
		case <-turn:
			return time.Since(began), true
		case <-quit:
			return time.Since(began), l.leave(turn)
		case <-patience.C:
			l.addSlot()
		}
	}
}

// grant counts a slot as taken; the caller has the lock.
func (l *largeOutputs) grant() { l.taken, l.changed = l.taken+1, time.Now() }

// next grants a slot to the first who waits; the caller has the lock.
func (l *largeOutputs) next() {
	if len(l.waiting) > 0 {
		close(l.waiting[0])
		l.waiting = l.waiting[1:]
		l.grant()
	}
}

// addSlot lets one more go on if nobody has made progress for slotPatience.
func (l *largeOutputs) addSlot() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.changed) >= slotPatience {
		l.next()
	}
}

// leave gives up waiting, unless the slot was granted at that moment.
func (l *largeOutputs) leave(turn chan struct{}) (granted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, w := range l.waiting {
		if w == turn {
			l.waiting = append(l.waiting[:i:i], l.waiting[i+1:]...)
			return false
		}
	}
	return true
}

// release returns a slot.
func (l *largeOutputs) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.taken, l.changed = l.taken-1, time.Now()
	if l.taken < largeSlots {
		l.next()
	}
}
