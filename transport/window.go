package transport

import "time"

// What a request in flight is.
type kind uint8

const (
	isHello kind = iota
	isPost
	isBeat
	isCall
)

// A pending request waits for its answer.
type pending struct {
	id   ID
	key  uint64    // of a post
	size int       // bytes of a post's params
	sent time.Time // of a heartbeat
	kind kind
}

// A window is the requests in flight, oldest first. Endpoints answer in order, so the one that is asked
// for is nearly always the first.
type window struct {
	flying []pending
	posts  int
	bytes  int // of the posts' params
}

func (w *window) add(p pending) {
	if p.kind == isPost {
		w.posts++
		w.bytes += p.size
	}
	w.flying = append(w.flying, p)
}

// take removes the request with an id.
func (w *window) take(id ID) (pending, bool) {
	for i, p := range w.flying {
		if p.id != id {
			continue
		}
		if i == 0 {
			w.flying = w.flying[1:]
		} else {
			w.flying = append(w.flying[:i], w.flying[i+1:]...)
		}
		if p.kind == isPost {
			w.posts--
			w.bytes -= p.size
		}
		return p, true
	}
	return pending{}, false
}

// has counts the requests of a kind.
func (w *window) has(k kind) int {
	n := 0
	for _, p := range w.flying {
		if p.kind == k {
			n++
		}
	}
	return n
}

// room says whether a post of size bytes may follow what is in flight. One at a time means one request
// of any kind.
func (w *window) room(size, maxPosts, maxBytes int) bool {
	if maxPosts == 1 {
		return len(w.flying) == 0
	}
	return w.posts == 0 || w.posts < maxPosts && w.bytes+size <= maxBytes
}
