package endpoint

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
)

const (
	maxBatch      = 4096    // arrivals in one commit
	maxBatchBytes = 8 << 20 // bytes of params in one commit
)

// errNotStored is what the arrivals of a batch get that could not be committed.
var errNotStored = errors.New("the result could not be stored")

// A committer is the one goroutine that writes results. It takes what all connections brought and
// commits it together: while one commit syncs, the next batch gathers, so there is no delay to tune.
type committer struct {
	store *Store
	log   *slog.Logger
	hook  func(point string) // for tests: "before commit", "after commit"
	in    chan *arrival
	ended chan struct{}
}

func startCommitter(store *Store, log *slog.Logger, hook func(string)) (*committer, error) {
	st, err := store.prepare(context.Background())
	if err != nil {
		return nil, err
	}
	c := &committer{store: store, log: log, hook: hook, in: make(chan *arrival, maxBatch), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		defer st.close()
		c.run(st)
	}()
	return c, nil
}

// submit hands a over; a.done is closed when its outcome is known. It waits where much is waiting, and
// always ends: the committer goes on until close.
func (c *committer) submit(a *arrival) { c.in <- a }

// close commits what was submitted and ends the goroutine. Nobody may submit any more.
func (c *committer) close() {
	close(c.in)
	<-c.ended
}

func (c *committer) run(st *statements) {
	var batch []*arrival
	for first := range c.in {
		batch = append(batch[:0], first)
		for size := first.size(); len(batch) < maxBatch && size < maxBatchBytes; {
			next, ok := c.waiting()
			if !ok {
				break
			}
			batch = append(batch, next)
			size += next.size()
		}
		if err := c.commit(st, batch); err != nil {
			c.log.Error("results could not be stored; their agents keep them", "results", len(batch), "error", err)
			for _, a := range batch {
				a.stored, a.err = false, errNotStored
			}
		}
		for i, a := range batch {
			a.result = nil
			if a.committed != nil {
				a.committed()
			}
			close(a.done)
			batch[i] = nil
		}
	}
}

func (c *committer) waiting() (*arrival, bool) {
	select {
	case a, ok := <-c.in:
		return a, ok
	default:
		return nil, false
	}
}

// commit is not bounded by any connection's context: a result that was taken is committed even where
// its sender has gone. SQLite's own busyTimeout bounds it.
func (c *committer) commit(st *statements, batch []*arrival) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while storing: %v\n%s", p, debug.Stack())
		}
	}()
	c.hook("before commit")
	if err := c.store.commit(context.Background(), st, batch); err != nil {
		return err
	}
	c.hook("after commit")
	return nil
}

func (a *arrival) size() int {
	if a.result == nil {
		return 0
	}
	return len(a.result.Params)
}
