package server

import "container/heap"

// A ranking is the order of the addresses that have connections in one stage. The first one is found at
// once, however many addresses there are: each connection asks for it several times.
type ranking struct {
	stage stage
	// before reports whether a comes before b, both of which have connections in the stage.
	before func(a, b *address) bool

	order []*address       // a heap
	at    map[*address]int // the index of each in order
}

func newRanking(s stage, before func(a, b *address) bool) *ranking {
	return &ranking{stage: s, before: before, at: map[*address]int{}}
}

// most ranks addresses by the number of their connections in a stage, and of equal ones by the connection
// that pick returns.
func most(s stage, pick func(*address, stage) *place, before func(p, q *place) bool) *ranking {
	return newRanking(s, func(a, b *address) bool {
		if n, m := a[s].Len(), b[s].Len(); n != m {
			return n > m
		}
		return before(pick(a, s), pick(b, s))
	})
}

// first returns the first address; nil if there is none.
func (r *ranking) first() *address {
	if len(r.order) == 0 {
		return nil
	}
	return r.order[0]
}

// update puts an address where it belongs after it changed.
func (r *ranking) update(a *address) {
	i, ranked := r.at[a]
	switch has := a[r.stage].Len() > 0; {
	case ranked && has:
		heap.Fix((*rankingHeap)(r), i)
	case ranked:
		heap.Remove((*rankingHeap)(r), i)
	case has:
		heap.Push((*rankingHeap)(r), a)
	}
}

// A rankingHeap is a ranking for package heap.
type rankingHeap ranking

func (h *rankingHeap) Len() int           { return len(h.order) }
func (h *rankingHeap) Less(i, j int) bool { return h.before(h.order[i], h.order[j]) }

func (h *rankingHeap) Swap(i, j int) {
	h.order[i], h.order[j] = h.order[j], h.order[i]
	h.at[h.order[i]], h.at[h.order[j]] = i, j
}

func (h *rankingHeap) Push(x any) {
	a := x.(*address)
	h.at[a] = len(h.order)
	h.order = append(h.order, a)
}

func (h *rankingHeap) Pop() any {
	last := len(h.order) - 1
	a := h.order[last]
	h.order[last] = nil
	h.order = h.order[:last]
	delete(h.at, a)
	return a
}
