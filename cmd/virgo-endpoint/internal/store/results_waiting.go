package store

import (
	"container/heap"
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

const (
	// maxWaiting bounds the results that wait in memory for their turn, in bytes of their texts and params.
	maxWaiting = 64 << 20
	// waitingResult is what one takes beside these.
	waitingResult = 256
)

// A waiting is results that were read, while others that may be earlier are not. Most blobs overlap with those of some
// seconds. Backlogs overlap with those of an hour, and after an outage all hosts send some: so what does not fit is put
// aside, and read again when its turn comes.
type waiting struct {
	r       *resultsReader
	most    int
	cursors cursors
	bytes   int
}

// A cursor is what is left of a blob's selected results, in the order of time.
type cursor struct {
	// at and seq are those of the first one.
	at  time.Time
	seq int64
	// list is nil while they are put aside; done is how many of the blob's were passed on.
	list  []intake.Result
	done  int
	bytes int // of list
	// in and blob say where they are; in is nil for a row of a version without segments.
	in   *acquired
	blob int64
}

// add adds the results of a blob.
func (w *waiting) add(in *acquired, blob int64, list []intake.Result) {
	if len(list) == 0 {
		return
	}
	c := &cursor{in: in, blob: blob}
	w.fill(c, list)
	heap.Push(&w.cursors, c)
	w.putAside()
}

// fill gives a cursor its results.
func (w *waiting) fill(c *cursor, list []intake.Result) {
	if !slices.IsSortedFunc(list, compareByTime) {
		slices.SortFunc(list, compareByTime)
	}
	c.list, c.bytes = list[c.done:], 0
	for i := range c.list {
		c.bytes += c.list[i].Size() + waitingResult
	}
	w.bytes += c.bytes
	c.at, c.seq = c.list[0].Time, c.list[0].Seq
}

// before reports whether a result is waiting that comes before all of a source; of none if it is nil.
func (w *waiting) before(s *source) bool {
	return len(w.cursors) > 0 && (s == nil || w.cursors[0].at.UnixMilli() < s.least)
}

// next takes the earliest result out.
func (w *waiting) next() (one intake.Result, err error) {
	c := w.cursors[0]
	if c.list == nil {
		if err := w.readAgain(c); err != nil {
			return one, err
		}
		w.putAside()
	}
	one, c.list = c.list[0], c.list[1:]
	c.done++
	if len(c.list) == 0 {
		w.bytes -= c.bytes
		heap.Pop(&w.cursors)
		return one, nil
	}
	c.at, c.seq = c.list[0].Time, c.list[0].Seq
	heap.Fix(&w.cursors, 0)
	return one, nil
}

// readAgain reads the results of a cursor that were put aside.
func (w *waiting) readAgain(c *cursor) error {
	b := segment.Blob{Seq: c.blob}
	err := c.in.Load(w.r.ctx, &b)
	var list []intake.Result
	if err == nil {
		list, err = w.r.selected(&b)
	}
	if err == nil && len(list) <= c.done {
		err = fmt.Errorf("%w: results from %d on were more when they were read before", intake.ErrDamaged, c.blob)
	}
	if err != nil {
		return inSegment(c.in.Number(), err)
	}
	w.fill(c, list)
	return nil
}

// putAside makes room when too much is in memory: those whose turn comes last go, but for the first one.
func (w *waiting) putAside() {
	if w.bytes <= w.most {
		return
	}
	last := slices.Clone(w.cursors)
	slices.SortFunc(last, func(a, b *cursor) int { return b.compare(a) })
	for _, c := range last[:len(last)-1] {
		if w.bytes <= w.most/2 {
			return
		}
		if c.list != nil && c.in != nil {
			w.bytes -= c.bytes
			c.list, c.bytes = nil, 0
		}
	}
}

func compareByTime(a, b intake.Result) int { return earlier(&a, &b) }

// cursors is a heap, the one with the earliest result on top.
type cursors []*cursor

func (c *cursor) compare(other *cursor) int {
	return earlier(&intake.Result{Time: c.at, Seq: c.seq}, &intake.Result{Time: other.at, Seq: other.seq})
}

func (h cursors) Len() int           { return len(h) }
func (h cursors) Less(i, j int) bool { return h[i].compare(h[j]) < 0 }
func (h cursors) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *cursors) Push(x any)        { *h = append(*h, x.(*cursor)) }
func (h *cursors) Pop() any {
	last := len(*h) - 1
	x := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	return x
}
