package server

import "sync"

// A budget is a number of bytes that many goroutines share. A request for more than the whole budget
// is granted when nothing else is in use.
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

// take waits until n bytes are free and reserves them. It needs no context: commits return the bytes,
// and take bounded time.
func (b *budget) take(n int64) {
	n = min(n, b.whole)
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.free < n {
		b.freed.Wait()
	}
	b.free -= n
}

// give frees n bytes.
func (b *budget) give(n int64) {
	b.mu.Lock()
	b.free += min(n, b.whole)
	b.mu.Unlock()
	b.freed.Broadcast()
}
