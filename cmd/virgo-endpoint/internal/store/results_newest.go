package store

import (
	"container/heap"
	"errors"
	"math"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// maxKept bounds the memory that the newest results take, in bytes of their texts and params.
const maxKept = 32 << 20

// newest passes on the newest results, as many as the filter wants. It keeps them until it knows all of them; if they
// are too large for that, it keeps only which they are, and reads them again in order.
func (r *resultsReader) newest() error {
	n := newestResults{limit: r.f.Limit}
	damage, unread := r.damage, r.unread
	if r.c.old {
		if err := r.newestRows(&n); err != nil {
			return err
		}
	}
	for _, a := range r.segments {
		err := r.newestOf(a, &n)
		if errors.Is(err, intake.ErrDamaged) {
			known := n.numbers()
			err = r.salvage(a, err, func(*segment.Blob) bool { return false }, func(one intake.Result) error {
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
	if n.numbersOnly && len(n.heap) > 0 {
		r.only, r.f.Since, r.f.Limit = n.numbers(), n.heap[0].Time, 0
		r.damage, r.unread = damage, unread // what cannot be read is found again
		return r.inOrder()
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
	if r.f.AgentID == "" {
		err := r.newestBlobs(a, true, segment.ShortSpan, n)
		if err == nil {
			err = r.newestBlobs(a, false, segment.MaxSpan, n)
		}
		return err
	}
	list, err := a.OfAgent(r.ctx, r.key, r.since())
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if err := r.addBlob(a, &list[i], n); err != nil {
			return err
		}
	}
	return nil
}

func (r *resultsReader) addBlob(a *acquired, b *segment.Blob, n *newestResults) error {
	if !n.mayTake(b.Most) {
		return nil
	}
	if err := a.Load(r.ctx, b); err != nil {
		return err
	}
	list, err := r.selected(b)
	for i := range list {
		n.add(list[i])
	}
	return err
}

// newestBlobs reads the short or the long blobs back, until none can have one of the newest results.
func (r *resultsReader) newestBlobs(a *acquired, short bool, span time.Duration, n *newestResults) error {
	last := segment.Place{Least: math.MaxInt64, Seq: math.MaxInt64}
	if !r.f.Until.IsZero() {
		last.Least = r.f.Until.UnixMilli()
	}
	for {
		list, err := a.Before(r.ctx, short, last)
		if err != nil {
			return err
		}
		for i := range list {
			latest := list[i].Least + span.Milliseconds()
			if !n.mayTake(latest) || latest < r.since() {
				return nil
			}
			if err := r.addBlob(a, &list[i], n); err != nil {
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
	size  int
	// numbersOnly is set once the results were too large to be kept: of each there are only Seq and Time.
	numbersOnly bool
}

func (n *newestResults) full() bool { return len(n.heap) >= n.limit }

// mayTake reports whether a result of a time could be among them.
func (n *newestResults) mayTake(ms int64) bool { return !n.full() || ms >= n.heap[0].Time.UnixMilli() }

func (n *newestResults) add(one intake.Result) {
	if n.full() {
		if earlier(&n.heap[0], &one) >= 0 {
			return
		}
		n.size -= n.heap[0].Size()
		heap.Pop(&n.heap)
	}
	if n.size += one.Size(); n.size > maxKept && !n.numbersOnly {
		n.numbersOnly = true
		for i := range n.heap {
			n.heap[i] = numberOf(&n.heap[i])
		}
	}
	if n.numbersOnly {
		one, n.size = numberOf(&one), 0
	} else {
		one = one.Clone() // the others of its blob need not stay
	}
	heap.Push(&n.heap, one)
}

func numberOf(r *intake.Result) intake.Result { return intake.Result{Seq: r.Seq, Time: r.Time} }

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

// byTime is a heap of results, the earliest on top.
type byTime []intake.Result

func (h byTime) Len() int           { return len(h) }
func (h byTime) Less(i, j int) bool { return earlier(&h[i], &h[j]) < 0 }
func (h byTime) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byTime) Push(x any)        { *h = append(*h, x.(intake.Result)) }
func (h *byTime) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = intake.Result{}
	*h = (*h)[:last]
	return x
}
