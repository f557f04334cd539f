package store

import (
	"container/heap"
	"errors"
	"fmt"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

const (
	// maxReorder bounds the results that are in memory to be put in order, in bytes.
	maxReorder = 64 << 20
	// reorderBytes is what one takes beside its texts and params.
	reorderBytes = 400
)

// A reorderBuffer has results that were read while others that may be earlier are not. Most blobs overlap with those of
// some seconds. Backlogs overlap with those of an hour, and after an outage all hosts send some: so what does not
// fit is dropped, and read again, a part at a time, when its turn comes.
type reorderBuffer struct {
	r       *resultsReader
	most    int
	cursors cursors
	bytes   int
}

// A cursor is what is left of a blob's selected results, in the order of time.
type cursor struct {
	// first is the place of the first one.
	first moment
	// list is the first of them, none if they were dropped; rest is the place of the one behind them, if there is one.
	list []intake.Result
	rest moment
	// done is how many of the blob's were passed on, of all.
	done, all int
	bytes     int // of list
	// in and blob say where they are; in is nil for a row of a version without segments.
	in   *acquired
	blob int64
}

// A moment is a place in the order of results.
type moment struct {
	at  time.Time
	seq int64
}

func momentOf(r *intake.Result) moment { return moment{r.Time, r.Seq} }

// add adds the selected results of a blob that has count.
func (b *reorderBuffer) add(in *acquired, blob int64, count int, list []intake.Result) {
	if len(list) == 0 {
		return
	}
	c := &cursor{in: in, blob: blob}
	b.fill(c, list, count, b.most)
	heap.Push(&b.cursors, c)
	b.drop()
}

// fill gives a cursor the first of its results, of about so many bytes.
func (b *reorderBuffer) fill(c *cursor, list []intake.Result, count, room int) {
	if !slices.IsSortedFunc(list, compareByTime) {
		slices.SortFunc(list, compareByTime)
	}
	left := list[c.done:]
	n := 0
	for c.bytes = 0; n < len(left) && (n == 0 || c.bytes < room); n++ {
		c.bytes += left[n].Size() + reorderBytes
	}
	c.list, c.all = left[:n], len(list)
	if n < count { // the others of the blob share memory with them, and need not stay
		c.list = make([]intake.Result, n)
		for i := range c.list {
			c.list[i] = left[i].Clone()
		}
	}
	c.first = momentOf(&left[0])
	if n < len(left) {
		c.rest = momentOf(&left[n])
	}
	b.bytes += c.bytes
}

// before reports whether there is a result that comes before all of a source; of none if it is nil.
func (b *reorderBuffer) before(s *source) bool {
	return len(b.cursors) > 0 && (s == nil || b.cursors[0].first.at.UnixMilli() < s.least)
}

// next takes the earliest result out. ok is false if it is damaged now, which is noted with what it was read with.
func (b *reorderBuffer) next() (one intake.Result, ok bool, err error) {
	c := b.cursors[0]
	if len(c.list) == 0 {
		err := b.readAgain(c)
		if errors.Is(err, intake.ErrDamaged) {
			b.r.note(err, int64(c.all-c.done))
			heap.Pop(&b.cursors)
			return one, false, nil
		}
		if err != nil {
			return one, false, err
		}
		b.drop()
	}
	one, c.list = c.list[0], c.list[1:]
	c.done++
	if len(c.list) > 0 {
		c.first = momentOf(&c.list[0])
		heap.Fix(&b.cursors, 0)
		return one, true, nil
	}
	b.bytes -= c.bytes
	c.bytes = 0
	if c.done == c.all {
		heap.Pop(&b.cursors)
		return one, true, nil
	}
	c.first, c.list = c.rest, nil
	heap.Fix(&b.cursors, 0)
	return one, true, nil
}

// readAgain reads results of a cursor that were dropped: its share of the memory, so that a blob is not read again for each
// of its results while others take turns with it.
func (b *reorderBuffer) readAgain(c *cursor) error {
	blob := segment.Blob{Seq: c.blob}
	err := c.in.Load(b.r.ctx, &blob)
	var list []intake.Result
	if err == nil {
		list, err = b.r.selected(&blob)
	}
	if err == nil && len(list) != c.all {
		err = fmt.Errorf("%w: the results from %d on are not those that were there before", intake.ErrDamaged, c.blob)
	}
	if err != nil {
		return inSegment(c.in.Number(), err)
	}
	b.fill(c, list, blob.Count, b.most/2/len(b.cursors))
	return nil
}

// drop makes room when too much is in memory: the results whose turn comes last go, but for the first one's.
func (b *reorderBuffer) drop() {
	if b.bytes <= b.most {
		return
	}
	last := slices.Clone(b.cursors)
	slices.SortFunc(last, func(x, y *cursor) int { return y.compare(x) })
	for _, c := range last[:len(last)-1] {
		if b.bytes <= b.most/2 {
			return
		}
		if c.in != nil {
			b.bytes -= c.bytes
			c.list, c.bytes = nil, 0
		}
	}
}

func compareByTime(a, b intake.Result) int { return earlier(&a, &b) }

// cursors is a heap, the one with the earliest result on top.
type cursors []*cursor

func (c *cursor) compare(other *cursor) int {
	return earlier(&intake.Result{Time: c.first.at, Seq: c.first.seq}, &intake.Result{Time: other.first.at, Seq: other.first.seq})
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
