package spool

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
)

// Append adds records in the order given and returns them with their ids; their Data is the entries'
// own, not a copy. Then it drops what the bounds no longer allow, oldest first, which [Tx.Dropped]
// tells; that can be the first of a batch that is larger than the whole spool.
//
// One call drops a few thousand records at most. Where far more is past a bound (a lower
// MaxBytes, a host that slept), the next calls go on.
//
// Errors: [ErrTooLarge] (nothing of this call is stored, and the transaction can go on),
// [ErrViewOnly], [ErrTxOver], [ErrDamaged].
func (tx *Tx) Append(entries ...Entry) ([]Record, error) {
	tx.inside = true
	records, err := tx.append(entries)
	return records, tx.leave(err)
}

func (tx *Tx) append(entries []Entry) ([]Record, error) {
	queue, err := tx.writable(bucketQueue)
	if err != nil {
		return nil, err
	}
	size, ids := 0, 0
	for i := range entries {
		e := &entries[i]
		if err := tx.s.checkSize(e); err != nil {
			return nil, fmt.Errorf("keep record %d of %d: %w", i+1, len(entries), err)
		}
		size += recordSize(e.Agent, len(e.Data)) - keyBytes
		ids += idSize(len(e.Agent))
	}
	if len(entries) == 0 {
		return nil, nil
	}
	var random [8]byte
	rand.Read(random[:]) // never fails: it ends the process rather
	start := binary.BigEndian.Uint64(random[:])

	seq := queue.Sequence()
	if k, _ := queue.Cursor().Last(); parseKey(k) > seq {
		return nil, tx.disorder() // one record must not be put over another
	}
	queue.FillPercent = 1 // keys only grow: a page that is full stays as it is
	records := make([]Record, len(entries))
	values := make([]byte, 0, size) // bbolt keeps pointing into it until the commit
	var names strings.Builder
	names.Grow(ids)
	var key [keyBytes]byte
	for i := range entries {
		e := &entries[i]
		seq++
		from, name := len(values), names.Len()
		values = appendRecord(values, seq, tx.totals.age, start, e)
		v := values[from:len(values):len(values)]
		key = keyOf(seq)
		if err := queue.Put(key[:], v); err != nil {
			return nil, tx.odd(err)
		}
		tx.totals.queue.add(keyBytes + len(v))
		writeID(&names, v[recordFixed:recordFixed+len(e.Agent)], start, seq)
		records[i] = Record{
			Seq: seq, Order: seq, ID: names.String()[name:], Agent: e.Agent,
			Made: time.UnixMilli(e.Made.UnixMilli()), Data: e.Data,
		}
	}
	if err := queue.SetSequence(seq); err != nil {
		return nil, tx.odd(err)
	}
	tx.totals.flow(len(entries), uint64(size+keyBytes*len(entries)))
	tx.totals.loose += uint64(len(entries))
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

// maxTrim bounds how many records one call drops besides as many as it added: each costs memory until
// the commit.
const maxTrim = 4096

// trimQueue drops the oldest records while a bound is passed.
func (tx *Tx) trimQueue(queue *bolt.Bucket, added int) error {
	t := &tx.totals
	most := uint64(tx.s.opt.MaxBytes)
	// What is not records (the state, half-filled pages) takes from the room of the records, as far as
	// the file is known before this commit.
	if rest := tx.o.used - int64(tx.before); rest+int64(t.rejected.bytes)+int64(most) > tx.s.opt.MaxFileBytes {
		most = uint64(max(0, tx.s.opt.MaxFileBytes-rest-int64(t.rejected.bytes)))
	}
	left, err := tx.dropHead(queue, &t.queue, maxTrim+added, func(_, at uint64) (Cause, bool) {
		if t.age > at+uint64(tx.s.opt.MaxAge.Milliseconds()) {
			return CauseAge, true
		}
		return CauseSpace, t.queue.bytes > most
	})
	if err == nil && !left {
		t.queue, t.loose = tally{}, 0 // whatever was counted, nothing is there
	}
	return err
}

// trimRejected does the same for what was refused.
func (tx *Tx) trimRejected(rejected *bolt.Bucket, added int) error {
	t := &tx.totals
	left, err := tx.dropHead(rejected, &t.rejected, maxTrim+added, func(uint64, uint64) (Cause, bool) {
		return CauseRefused, t.rejected.bytes > uint64(tx.s.opt.MaxBytes/rejectedShare)
	})
	if err == nil && !left {
		t.rejected = tally{}
	}
	return err
}
