package spool

import (
	"context"
	"errors"
	"strings"
	"time"
)

// A batch of a list: small, so that memory stays flat and other processes get their turn.
const (
	listRecords = 256
	listBytes   = 256 << 10
)

// Read returns records after the sequence after, oldest first: at most maxRecords of them, and of
// data at most maxBytes unless the first alone is longer. None means that there are no more. The
// data of one call lie in one block, which stays as long as any of it is in use. A damaged record is left out, and dropped and counted where that is possible just then.
//
// Errors: those of opening, and the context's.
func (s *Spool) Read(ctx context.Context, after uint64, maxRecords, maxBytes int) ([]Record, error) {
	for {
		b, err := s.readBatch(ctx, bucketQueue, after, maxRecords, maxBytes)
		if err != nil {
			return nil, err
		}
		if len(b.bad) > 0 {
			// What can be read is worth more than the count of what cannot: a spool that is not to be
			// written still delivers.
			_ = s.dropDamaged(ctx, b.bad)
		}
		if len(b.records) > 0 || len(b.bad) == 0 {
			return b.records, nil
		}
		after = b.last
	}
}

func (s *Spool) readBatch(ctx context.Context, bucket []byte, after uint64, maxRecords, maxBytes int) (b batch, err error) {
	err = s.transact(ctx, reads|own, "", func(tx *Tx) error {
		b = batch{last: after}
		tx.inside = true
		return tx.leave(tx.read(bucket, after, maxRecords, maxBytes, &b))
	})
	return b, err
}

// ReadBack is [Spool.Read] the other way: records that lie before the place before, newest first; all of
// them where before is 0.
func (s *Spool) ReadBack(ctx context.Context, before uint64, maxRecords, maxBytes int) ([]Record, error) {
	for {
		var b batch
		err := s.transact(ctx, reads|own, "", func(tx *Tx) error {
			b = batch{}
			tx.inside = true
			return tx.leave(tx.readBack(before, maxRecords, maxBytes, &b))
		})
		if err != nil {
			return nil, err
		}
		if len(b.bad) > 0 {
			_ = s.dropDamaged(ctx, b.bad) // as in Read
		}
		if len(b.records) > 0 || len(b.bad) == 0 {
			return b.records, nil
		}
		before = b.last
	}
}

// A batch is what one reading gave.
type batch struct {
	records []Record
	reasons []Refusal // one a record, of what was refused
	bad     []uint64  // keys of what could not be read
	last    uint64    // the last place that was looked at

	taken                 []stored
	maxRecords, maxBytes  int
	bytes, loose, letters int // of data, of data that must be copied, of ids
}

// take adds a record; false where the batch is full.
func (b *batch) take(r *stored) bool {
	if len(b.taken) >= b.maxRecords || len(b.taken) > 0 && b.bytes+len(r.data) > b.maxBytes {
		return false
	}
	if b.bytes += len(r.data); !r.held {
		b.loose += len(r.data)
	}
	b.letters += idSize(len(r.agent))
	b.taken = append(b.taken, *r)
	b.last = r.seq
	return true
}

// spoilt notes a value that cannot be read; false where there are enough of them for once.
func (b *batch) spoilt(key uint64) bool {
	b.bad = append(b.bad, key)
	b.last = key
	return len(b.bad) < listRecords
}

// finish makes records of what was taken: what lies in the file's pages is copied into one block.
func (b *batch) finish() {
	if len(b.taken) == 0 {
		return
	}
	data := make([]byte, 0, b.loose)
	var names strings.Builder
	names.Grow(b.letters)
	b.records = make([]Record, len(b.taken))
	for i := range b.taken {
		r := &b.taken[i]
		name, own := names.Len(), r.data
		if !r.held {
			from := len(data)
			data = append(data, own...)
			own = data[from:len(data):len(data)]
		}
		writeID(&names, r.agent, r.start, r.order)
		id := names.String()[name:]
		b.records[i] = Record{
			Seq: r.seq, Order: r.order, ID: id, Agent: id[:len(r.agent)],
			Made: time.UnixMilli(r.made), Data: own,
		}
	}
	b.taken = nil
}

// read takes records out of the file, oldest first.
func (tx *Tx) read(bucket []byte, after uint64, maxRecords, maxBytes int, b *batch) error {
	from, err := tx.bucket(bucket)
	if from == nil || err != nil || after == 1<<64-1 {
		return err
	}
	highest, err := tx.highest()
	if err != nil {
		return err
	}
	b.maxRecords, b.maxBytes = maxRecords, maxBytes
	rejected, before := string(bucket) == string(bucketRejected), after
	c := from.Cursor()
	k, v := c.First() // what a search for the first key finds is another matter, where keys are out of order
	if after > 0 {
		key := keyOf(after + 1)
		k, v = c.Seek(key[:])
	}
	b.taken = make([]stored, 0, min(uint64(max(maxRecords, 0)), listRecords, tx.totals.queue.records+tx.totals.rejected.records))
	defer b.finish()
	for ; k != nil && len(b.taken) < maxRecords; k, v = c.Next() {
		key := parseKey(k)
		if key <= before || key > highest {
			return tx.disorder()
		}
		before = key
		var why Refusal
		if rejected {
			why, v, _ = parseReason(v)
		} else if isGroup(v) {
			more, err := b.takeGroup(key, v, func(seq uint64) bool { return seq > after })
			if err != nil && !b.spoilt(key) || err == nil && !more {
				return nil
			}
			continue
		}
		r, err := parseRecord(key, v)
		if err != nil {
			if !b.spoilt(key) {
				return nil
			}
			continue
		}
		if !b.take(&r) {
			return nil
		}
		if rejected {
			b.reasons = append(b.reasons, why)
		}
	}
	return nil
}

// takeGroup takes those records of a group that are wanted. A group that does not fit whole is left for
// the next batch: each time it is expanded anew.
func (b *batch) takeGroup(key uint64, v []byte, wanted func(seq uint64) bool) (more bool, err error) {
	g, err := parseGroup(key, v)
	if err != nil {
		return false, err
	}
	if len(b.taken) > 0 && len(b.taken)+g.live() > b.maxRecords {
		return false, nil
	}
	list, _, err := g.records(make([]byte, 0, g.size))
	if err != nil {
		return false, err
	}
	for i := range list {
		if wanted(list[i].seq) && !b.take(&list[i]) {
			return false, nil
		}
	}
	b.last = key
	return true, nil
}

// readBack takes records out of the file, newest first.
func (tx *Tx) readBack(before uint64, maxRecords, maxBytes int, b *batch) error {
	queue, err := tx.bucket(bucketQueue)
	if queue == nil || err != nil {
		return err
	}
	b.maxRecords, b.maxBytes, b.last = maxRecords, maxBytes, before
	defer b.finish()
	c := queue.Cursor()
	var k, v []byte
	if before == 0 {
		before = 1<<64 - 1
		k, v = c.Last()
	} else {
		key := keyOf(before)
		if k, v = c.Seek(key[:]); k == nil {
			k, v = c.Last()
		} else if !isGroup(v) { // a group may reach from behind the place to before it
			k, v = c.Prev()
		}
	}
	for above := uint64(1<<64 - 1); k != nil && len(b.taken) < maxRecords; k, v = c.Prev() {
		key := parseKey(k)
		if key == 0 || key >= above {
			return tx.disorder()
		}
		above = key
		if isGroup(v) {
			err := b.takeGroupBack(key, v, before)
			if err == errFull || err != nil && !b.spoilt(key) {
				return nil
			}
			continue
		}
		r, err := parseRecord(key, v)
		if err != nil {
			if !b.spoilt(key) {
				return nil
			}
		} else if !b.take(&r) {
			return nil
		}
	}
	return nil
}

var errFull = errors.New("the batch is full")

func (b *batch) takeGroupBack(key uint64, v []byte, before uint64) error {
	g, err := parseGroup(key, v)
	if err != nil {
		return err
	}
	list, _, err := g.records(make([]byte, 0, g.size))
	if err != nil {
		return err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].seq < before && !b.take(&list[i]) {
			return errFull
		}
	}
	return nil
}

// List calls fn for each record that waits, oldest first. The file is open only between calls of fn,
// which may therefore take its time; what is appended meanwhile is listed too. An error of fn ends
// the list and is returned as it is.
func (s *Spool) List(ctx context.Context, fn func(Record) error) error {
	return s.list(ctx, bucketQueue, func(r Record, _ *Refusal) error { return fn(r) })
}

func (s *Spool) list(ctx context.Context, bucket []byte, fn func(Record, *Refusal) error) error {
	for after := uint64(0); ; {
		b, err := s.readBatch(ctx, bucket, after, listRecords, listBytes)
		if err != nil {
			return err
		}
		for i, r := range b.records {
			var why *Refusal
			if b.reasons != nil {
				why = &b.reasons[i]
			}
			if err := fn(r, why); err != nil {
				return err
			}
		}
		if b.last == after {
			return nil
		}
		after = b.last
	}
}
