package store

import (
	"container/heap"
	"errors"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// newest passes on the newest results, as many as the filter wants.
func (r *resultsReader) newest() error {
	n := newestResults{limit: r.f.Limit}
	if r.c.old {
		if err := r.newestRows(&n); err != nil {
			return err
		}
	}
	for _, a := range r.segments {
		err := r.newestOf(a, &n)
		if errors.Is(err, intake.ErrDamaged) {
			known := n.numbers()
			err = r.salvage(a, err, segment.Place{Least: math.MinInt64}, func(one intake.Result) error {
				if !known[one.Seq] {
					n.add(one)
				}
				return nil
			})
		}
		if err != nil {
			return err
		}
	}
	for _, one := range n.sorted() {
		if err := r.emit(one); err != nil {
			return err
		}
	}
	return nil
}

func (r *resultsReader) newestRows(n *newestResults) error {
	query, args := resultsQuery(r.f, r.c.migrated, newestFirst)
	rows, err := r.q.QueryContext(r.ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() && !n.full() {
		var one intake.Result
		if err := scanResult(rows, &one, &one.AgentID); err != nil {
			return err
		}
		if r.f.Selects(&one) {
			n.add(one)
		}
	}
	return rows.Err()
}

// newestOf adds a segment's newest results.
func (r *resultsReader) newestOf(a *acquired, n *newestResults) error {
	add := func(b *segment.Blob) error {
		if !n.mayTake(b.Most) {
			return nil
		}
		if err := a.Load(r.ctx, b); err != nil {
			return err
		}
		return r.selected(b, func(one intake.Result) { n.add(one) })
	}
	if r.f.AgentID != "" {
		list, err := a.OfAgent(r.ctx, r.key, r.since())
		if err != nil {
			return err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if err := add(&list[i]); err != nil {
				return err
			}
		}
		return nil
	}
	last := segment.Place{Least: math.MaxInt64, Seq: math.MaxInt64}
	if !r.f.Until.IsZero() {
		last.Least = r.f.Until.UnixMilli()
	}
	for {
		list, err := a.Before(r.ctx, last)
		if err != nil {
			return err
		}
		for i := range list {
			latest := list[i].Least + segment.MaxSpan.Milliseconds()
			if !n.mayTake(latest) || latest < r.since() {
				return nil
			}
			if err := add(&list[i]); err != nil {
				return err
			}
			last = list[i].Place()
		}
		if len(list) == 0 {
			return nil
		}
	}
}

// newestResults are the newest of the results that were added.
type newestResults struct {
	limit int
	heap  byTime
}

func (n *newestResults) full() bool { return len(n.heap) >= n.limit }

// mayTake reports whether a result of a time could be among them.
func (n *newestResults) mayTake(ms int64) bool { return !n.full() || ms >= n.heap[0].Time.UnixMilli() }

func (n *newestResults) add(one intake.Result) {
	switch {
	case !n.full():
		heap.Push(&n.heap, one)
	case earlier(&n.heap[0], &one) < 0:
		n.heap[0] = one
		heap.Fix(&n.heap, 0)
	}
}

// numbers are those of the results.
func (n *newestResults) numbers() map[int64]bool {
	all := make(map[int64]bool, len(n.heap))
	for i := range n.heap {
		all[n.heap[i].Seq] = true
	}
	return all
}

func (n *newestResults) sorted() []intake.Result {
	list := make([]intake.Result, len(n.heap))
	for i := range list {
		list[i] = heap.Pop(&n.heap).(intake.Result)
	}
	return list
}
