package feed

import (
	"context"
	"sync"
	"time"
)

// A following is a follower with its place.
type following struct {
	Follower
	feed  *Feed
	ended sync.WaitGroup
	begun bool // its place is one of the store's

	// What follows is under the feed's lock.
	cancel  context.CancelFunc // nil before it is started
	at      int64
	lost    int64
	err     error
	failing time.Time
}

// follow passes results on until ctx is done or the follower is removed.
func (o *following) follow(ctx context.Context) {
	wait := firstWait
	for ctx.Err() == nil {
		news, err := o.step(ctx)
		if ctx.Err() != nil {
			return
		}
		o.note(err)
		switch {
		case err != nil:
			sleep(ctx, wait)
			wait = min(2*wait, maxWait)
			continue
		case news != nil:
			select {
			case <-news:
				sleep(ctx, pause)
			case <-ctx.Done():
			}
		}
		wait = firstWait
	}
}

// step passes one batch on. It returns what is closed when there may be another one; nil if there may be one already.
func (o *following) step(ctx context.Context) (news <-chan struct{}, err error) {
	if !o.begun {
		if err := o.begin(ctx); err != nil {
			return nil, err
		}
		o.begun = true
	}
	b, err := o.feed.batches.after(ctx, o.feed, max(o.place(), 0))
	if err != nil {
		return nil, err
	}
	o.feed.seen(b.through)
	if b.lost > 0 {
		if l, ok := o.Follower.(Loser); ok {
			if err := l.Lose(ctx, b.through, b.lost); err != nil {
				return nil, err
			}
		}
	}
	if len(b.items) > 0 {
		if err := o.Take(ctx, b.items); err != nil {
			return nil, err
		}
	}
	if b.through > 0 {
		o.move(b.through, b.lost)
		o.feed.batches.forget(o.feed.taken())
	}
	return b.news, nil
}

// begin finds the place of a follower that begins with the newest result. A place behind the newest is one of another store,
// or of before an older backup was restored: what comes from now on has those numbers again.
func (o *following) begin(ctx context.Context) error {
	newest, err := o.feed.src.Newest(ctx)
	if err != nil {
		return err
	}
	o.feed.seen(newest)
	at := o.place()
	if at != FromNewest && at <= newest {
		return nil
	}
	if at > newest {
		o.feed.log.Warn("a follower of new results had come further than the store: it goes on with what comes now",
			"follower", o.Name(), "at", at, "newest", newest)
	}
	if newest == 0 {
		newest = FromOldest // whatever comes first is new
	}
	o.move(newest, 0)
	return nil
}

func (o *following) place() int64 {
	o.feed.mu.Lock()
	defer o.feed.mu.Unlock()
	return o.at
}

// move notes what was taken.
func (o *following) move(at, lost int64) {
	o.feed.mu.Lock()
	defer o.feed.mu.Unlock()
	o.at = at
	o.lost += lost
}

// note notes whether the follower waits for something, and logs when that changes.
func (o *following) note(err error) {
	o.feed.mu.Lock()
	before := o.err
	if o.err = err; err != nil && before == nil {
		o.failing = o.feed.now()
	}
	since := o.failing
	if err == nil {
		o.failing = time.Time{}
	}
	o.feed.mu.Unlock()
	switch {
	case err != nil && before == nil:
		o.feed.log.Warn("new results wait", "follower", o.Name(), "error", err)
	case err == nil && before != nil:
		o.feed.log.Info("new results are passed on again", "follower", o.Name(), "since", since)
	}
}

// sleep waits, or until ctx is done.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
