package admin

import (
	"sync"
	"time"
)

const (
	// changesPerSecond bounds the changes of an actor.
	changesPerSecond = 10
	// maxRates bounds the actors that are remembered; each needs a token or a login.
	maxRates = 1024
)

// rates count changes. The zero value is usable.
type rates struct {
	mu     sync.Mutex
	actors map[string]*rate
}

// A rate is the changes that an actor may make at once, as of a time.
type rate struct {
	left float64
	at   time.Time
}

// take reports whether an actor may make one more change.
func (r *rates) take(actor string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.actors == nil {
		r.actors = map[string]*rate{}
	}
	one := r.actors[actor]
	if one == nil {
		if len(r.actors) >= maxRates {
			r.forget(now)
		}
		one = &rate{changesPerSecond, now}
		r.actors[actor] = one
	}
	if passed := now.Sub(one.at).Seconds(); passed > 0 {
		one.left = min(changesPerSecond, one.left+passed*changesPerSecond)
	}
	one.at = now
	if one.left < 1 {
		return false
	}
	one.left--
	return true
}

// forget frees actors that may make all their changes again, or if there are none, all.
func (r *rates) forget(now time.Time) {
	for name, one := range r.actors {
		if now.Sub(one.at) >= time.Second {
			delete(r.actors, name)
		}
	}
	if len(r.actors) >= maxRates {
		clear(r.actors)
	}
}
