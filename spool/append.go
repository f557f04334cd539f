package spool

import (
	"fmt"
	"strings"
	"time"
)

// Append adds records in the given order and returns them with their ids; their Data is the
// entries' slices, not copies. Then it drops the oldest records until no bound is exceeded (see
// [Tx.Dropped]); if a batch is larger than the whole spool, these include its own first records.
//
// One call drops at most as many records as it added and 4096 more. If more must be dropped
// (MaxBytes was lowered), the next calls continue.
//
// Errors: [ErrTooLarge] (nothing of this call is stored, and the transaction can go on),
// [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) Append(entries ...Entry) ([]Record, error) {
	tx.inside = true
	records, err := tx.append(entries)
	return records, tx.leave(err)
}

func (tx *Tx) append(entries []Entry) ([]Record, error) {
	queue, err := tx.writableRecords(bucketQueue)
	if err != nil {
		return nil, err
	}
	size, ids := 0, 0
	for i := range entries {
		e := &entries[i]
		if err := tx.s.checkSize(e); err != nil {
			return nil, fmt.Errorf("append record %d of %d: %w", i+1, len(entries), err)
		}
		size += recordSize(e.Agent, len(e.Data)) - keyBytes
		ids += idSize(len(e.Agent))
	}
	if len(entries) == 0 {
		return nil, nil
	}
	start := randomStart()
	seq := queue.b.Sequence()
	key := keyOf(seq + 1)
	if k, _ := queue.cursor().seek(key[:]); k != nil {
		return nil, tx.outOfOrder() // one record must not replace another
	}
	queue.b.FillPercent = 1 // keys only grow: full pages are never inserted into
	records := make([]Record, len(entries))
	values := make([]byte, 0, size) // bbolt refers to it until the commit
	var names strings.Builder
	names.Grow(ids)
	for i := range entries {
		e := &entries[i]
		seq++
		from, name := len(values), names.Len()
		values = appendRecord(values, seq, tx.totals.age, start, e)
		v := values[from:len(values):len(values)]
		key = keyOf(seq)
		if err := queue.put(key[:], v); err != nil {
			return nil, err
		}
		tx.totals.queue.add(keyBytes + len(v))
		writeID(&names, v[recordFixed:recordFixed+len(e.Agent)], start, seq)
		records[i] = Record{
			Seq: seq, Order: seq, ID: names.String()[name:], Agent: e.Agent,
			Made: time.UnixMilli(e.Made.UnixMilli()), Data: e.Data,
		}
	}
	if err := queue.b.SetSequence(seq); err != nil {
		return nil, tx.wrapCorrupt(err)
	}
	tx.totals.countInflow(len(entries), uint64(size+keyBytes*len(entries)))
	tx.totals.unpacked += uint64(len(entries))
	tx.dirty, tx.appended = true, true
	if err := tx.pack(queue, len(entries)); err != nil {
		return nil, err
	}
	return records, tx.trimQueue(queue, len(entries))
}

func (s *Spool) checkSize(e *Entry) error {
	switch n := recordSize(e.Agent, len(e.Data)); {
	case len(e.Data) > MaxRecordBytes:
		return fmt.Errorf("%w: %d bytes of data (at most %d)", ErrTooLarge, len(e.Data), MaxRecordBytes)
	case len(e.Agent) > MaxAgentBytes:
		return fmt.Errorf("%w: an agent id of %d bytes (at most %d)", ErrTooLarge, len(e.Agent), MaxAgentBytes)
	case int64(n) > s.opt.MaxBytes:
		return fmt.Errorf("%w: %d bytes in a spool of %d", ErrTooLarge, n, s.opt.MaxBytes)
	}
	return nil
}

// maxTrim bounds how many records one call drops in addition to as many as it added: each costs
// memory until the commit.
const maxTrim = 4096

// trimQueue drops the oldest records while a bound is passed.
func (tx *Tx) trimQueue(queue *records, added int) error {
	t := &tx.totals
	// The state and the unused parts of pages also count against MaxFileBytes. Their size is that
	// before this commit.
	other := tx.o.used - int64(tx.before)
	room := tx.s.opt.MaxFileBytes - other - int64(t.rejected.bytes)
	most := uint64(max(0, min(tx.s.opt.MaxBytes, room)))
	left, err := tx.dropOldest(queue, &t.queue, maxTrim+added, func(_, at uint64) (Cause, bool) {
		if t.age > at+uint64(tx.s.opt.MaxAge.Milliseconds()) {
			return CauseAge, true
		}
		return CauseSpace, t.queue.bytes > most
	})
	if err == nil && !left {
		t.queue, t.unpacked = tally{}, 0 // the bucket is empty, whatever was counted
	}
	return err
}

// trimRejected drops the oldest rejected records while they are past their bound.
func (tx *Tx) trimRejected(rejected *records, added int) error {
	t := &tx.totals
	left, err := tx.dropOldest(rejected, &t.rejected, maxTrim+added, func(uint64, uint64) (Cause, bool) {
		return CauseRefused, t.rejected.bytes > uint64(tx.s.opt.MaxBytes/rejectedShare)
	})
	if err == nil && !left {
		t.rejected = tally{}
	}
	return err
}
