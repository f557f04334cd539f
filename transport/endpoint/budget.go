package endpoint

import "sync"

// A budget is a number of bytes that many goroutines share. What asks for more than the whole budget
// gets it when nobody else has any.
type budget struct {
	mu    sync.Mutex
	freed *sync.Cond
	whole int64
	free  int64
}

func newBudget(n int64) *budget {
	b := &budget{whole: n, free: n}
	b.freed = sync.NewCond(&b.mu)
	return b
}

// take waits for n bytes. It has no way out: what is taken is given back by a commit, which is bounded.
func (b *budget) take(n int64) {
	n = min(n, b.whole)
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < n {
		b.freed.Wait()
	}
	b.free -= n
}

func (b *budget) give(n int64) {
	b.mu.Lock()
	b.free += min(n, b.whole)
	b.mu.Unlock()
	b.freed.Broadcast()
}
