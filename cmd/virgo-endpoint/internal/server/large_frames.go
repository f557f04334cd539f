package server

import (
	"errors"
	"sync"
	"time"
)

const (
	// stalledAfter is the time without a byte after which a large frame has to make room for another.
	stalledAfter = time.Second
	// slowAfter and slowRate: so does one that arrives, after this time, with fewer bytes a second.
	slowAfter = 2 * time.Second
	slowRate  = 32 << 10
	// largeFramePoll is how often a frame that waits looks for one that has stalled.
	largeFramePoll = 250 * time.Millisecond
)

var (
	errDisplacedFrame = errors.New("its frame stalled, and others wait")
	errNoLargeFrame   = errors.New("too many large frames arrive at the same time")
)

// largeFrames are the large frames that arrive at the moment, or wait until there is room for their results;
// their number bounds the memory that they use. Where another waits, one that has stalled or is slow makes room: its connection is closed, and its
// agent sends it again.
type largeFrames struct {
	most, mostOfToken int

	mu      sync.Mutex
	now     map[*largeFrame]struct{}
	changed chan struct{} // closed and replaced when there may be room
}

// A largeFrame is one that arrives.
type largeFrame struct {
	token holder
	close func() // its connection

	// Under the lock of largeFrames.
	bytes           int64
	began, progress time.Time
	displaced       bool
	whole           bool // it was read, and waits for the store
}

func newLargeFrames(limits Limits) *largeFrames {
	return &largeFrames{most: limits.LargeFrames, mostOfToken: limits.LargeFramesPerToken,
		now: map[*largeFrame]struct{}{}, changed: make(chan struct{})}
}

// begin waits until there is room for a large frame, at most for limit or until one of the channels is
// closed. Errors: errNoLargeFrame, errDraining, errWriterEnded.
func (l *largeFrames) begin(f *largeFrame, limit time.Duration, draining, ended <-chan struct{}) error {
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	poll := time.NewTicker(largeFramePoll)
	defer poll.Stop()
	for {
		changed, ok := l.tryBegin(f)
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-poll.C:
		case <-timeout.C:
			return errNoLargeFrame
		case <-draining:
			return errDraining
		case <-ended:
			return errWriterEnded
		}
	}
}

// tryBegin reports whether there is room, if need be that of a slow frame. If not, changed is closed when
// it should be tried again.
func (l *largeFrames) tryBegin(f *largeFrame) (changed <-chan struct{}, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	ofToken := 0
	for other := range l.now {
		if other.token == f.token {
			ofToken++
		}
	}
	full := len(l.now) >= l.most
	if full || ofToken >= l.mostOfToken {
		slowest := l.slowest(now, func(other *largeFrame) bool { return full || other.token == f.token })
		if slowest == nil {
			return l.changed, false
		}
		slowest.displaced = true
		delete(l.now, slowest)
		slowest.close()
	}
	f.began, f.progress = now, now
	l.now[f] = struct{}{}
	return nil, true
}

// slowest returns the frame that has to make room for another one; nil if none has.
func (l *largeFrames) slowest(now time.Time, among func(*largeFrame) bool) (slowest *largeFrame) {
	least := 0.0
	for f := range l.now {
		age := now.Sub(f.began)
		rate := float64(f.bytes) / max(age.Seconds(), 1)
		slow := now.Sub(f.progress) >= stalledAfter || age >= slowAfter && rate < slowRate
		if slow && !f.whole && among(f) && (slowest == nil || rate < least) {
			slowest, least = f, rate
		}
	}
	return slowest
}

// received counts bytes of a frame. Error: errDisplacedFrame.
func (l *largeFrames) received(f *largeFrame, n int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f.displaced {
		return errDisplacedFrame
	}
	if n > 0 {
		f.bytes += int64(n)
		f.progress = time.Now()
	}
	return nil
}

// read notes that all of a frame is there: it makes no room any more, because the store bounds its time.
func (l *largeFrames) read(f *largeFrame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.whole = true
}

// end is called once for each frame that began.
func (l *largeFrames) end(f *largeFrame) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.now, f)
	close(l.changed)
	l.changed = make(chan struct{})
}
