package feed

import (
	"context"
	"errors"
	"slices"
	"sync"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

const (
	// maxResults and maxBytes bound a batch; one result may be larger.
	maxResults = 1000
	maxBytes   = 4 << 20
	// remembered bounds the batches that are kept for followers a little behind.
	remembered = 2
)

// A batch is what is stored behind a number.
type batch struct {
	from, through, lost int64
	items               []Item
	// news is closed when something is stored behind it; nil if that may be the case already.
	news <-chan struct{}
}

// batches reads batches, and remembers the last ones, so that followers at about the same place share them.
type batches struct {
	mu   sync.Mutex
	last []*batch
}

// errFull ends a batch that is large enough.
var errFull = errors.New("the batch is full")

// after returns the batch behind a number. It may end before what is newest.
func (s *batches) after(ctx context.Context, f *Feed, seq int64) (*batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.last {
		if part := b.after(seq); part != nil {
			return part, nil
		}
	}
	b, err := f.read(ctx, seq)
	if err != nil || len(b.items) == 0 {
		return b, err
	}
	if s.last = append(s.last, b); len(s.last) > remembered {
		s.last = slices.Delete(s.last, 0, 1)
	}
	return b, nil
}

// forget drops batches that every follower has taken.
func (s *batches) forget(taken int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = slices.DeleteFunc(s.last, func(b *batch) bool { return b.through <= taken })
}

// after returns the part of the batch behind a number; nil if that is not in it.
func (b *batch) after(seq int64) *batch {
	if seq < b.from || seq >= b.through || seq != b.from && b.lost > 0 {
		return nil
	}
	part := &batch{from: seq, through: b.through, lost: b.lost, items: b.items, news: b.news}
	for len(part.items) > 0 && part.items[0].Result.Seq <= seq {
		part.items = part.items[1:]
	}
	return part
}

// read reads a batch.
func (f *Feed) read(ctx context.Context, seq int64) (*batch, error) {
	b := &batch{from: seq, news: f.news()} // before reading: what is stored meanwhile is not missed
	size := 0
	through, lost, err := f.src.After(ctx, seq, maxResults, func(agent intake.AgentNumber, r *intake.Result) error {
		if size += r.Size(); size > maxBytes && len(b.items) > 0 {
			return errFull
		}
		own := r.Clone()
		metrics, err := intake.Metrics(own.Params)
		if err != nil {
			metrics = nil // an agent of long ago: intake accepts no such params
		}
		b.items = append(b.items, Item{Agent: agent, Result: &own, Metrics: metrics})
		return nil
	})
	b.through, b.lost = through, lost
	if errors.Is(err, errFull) {
		b.news, err = nil, nil
	}
	if len(b.items) >= maxResults {
		b.news = nil
	}
	return b, err
}
