package transport

import "time"

// A kind is the kind of a request in flight.
type kind uint8

const (
	isHello kind = iota
	isPost
	isHeartbeat
	isCall
)

// A pending request waits for its answer.
type pending struct {
	id   ID
	key  uint64    // of a post
	keys []uint64  // of the posts in one frame; nil if there is one alone
	size int       // bytes of their params, before compression
	sent time.Time // of a heartbeat, by the clock of SessionOptions.Now, and of several posts
	kind kind
}

// A window is the requests in flight, oldest first. Endpoints answer in order, so the one that take
// looks for is nearly always the first.
type window struct {
	inFlight []pending
	posts    int // frames with posts
	bytes    int // of the posts' params
}

func (w *window) add(p pending) {
	if p.kind == isPost {
		w.posts++
		w.bytes += p.size
	}
	w.inFlight = append(w.inFlight, p)
}

// take removes and returns the request with an id. It returns false if there is none.
func (w *window) take(id ID) (pending, bool) {
	for i, p := range w.inFlight {
		if p.id != id {
			continue
		}
		if i == 0 {
			w.inFlight = w.inFlight[1:]
		} else {
			w.inFlight = append(w.inFlight[:i], w.inFlight[i+1:]...)
		}
		if p.kind == isPost {
			w.posts--
			w.bytes -= p.size
		}
		return p, true
	}
	return pending{}, false
}

// count counts the requests of a kind.
func (w *window) count(k kind) int {
	n := 0
	for _, p := range w.inFlight {
		if p.kind == k {
			n++
		}
	}
	return n
}

// allows reports whether a post of size bytes may follow what is in flight. With maxPosts 1 it may
// not follow a request of any kind.
func (w *window) allows(size, maxPosts, maxBytes int) bool {
	if maxPosts == 1 {
		return len(w.inFlight) == 0
	}
	return w.posts == 0 || w.posts < maxPosts && w.bytes+size <= maxBytes
}
