package spool

import (
	"context"
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
	b.last = after
	err = s.View(ctx, func(tx *Tx) error {
		tx.inside = true
		return tx.leave(tx.read(bucket, after, maxRecords, maxBytes, &b))
	})
	return b, err
}

// A batch is what one reading gave.
type batch struct {
	records []Record
	reasons []Refusal // one a record, of what was refused
	bad     []uint64  // sequences of what could not be read
	last    uint64    // the last sequence that was looked at
}

// read copies records out of the file's pages. It walks them twice at most: to see what fits, and to copy
// it into one block.
func (tx *Tx) read(bucket []byte, after uint64, maxRecords, maxBytes int, b *batch) error {
	from, err := tx.bucket(bucket)
	if from == nil || err != nil || after == 1<<64-1 {
		return err
	}
	highest, err := tx.highest()
	if err != nil {
		return err
	}
	rejected, before := string(bucket) == string(bucketRejected), after
	c := from.Cursor()
	k, v := c.First() // what a search for the first key finds is another matter, where keys are out of order
	if after > 0 {
		key := keyOf(after + 1)
		k, v = c.Seek(key[:])
	}
	likely := min(uint64(max(maxRecords, 0)), listRecords, tx.totals.queue.records+tx.totals.rejected.records)
	taken := make([]stored, 0, likely)
	seqs := make([]uint64, 0, cap(taken))
	bytes, agents, ids := 0, 0, 0
	for ; k != nil && len(taken) < maxRecords; k, v = c.Next() {
		seq := parseKey(k)
		if seq <= before || seq > highest {
			return tx.disorder()
		}
		before = seq
		var why Refusal
		if rejected {
			why, v, _ = parseReason(v)
		}
		r, err := parseRecord(seq, v)
		if err != nil {
			b.bad = append(b.bad, seq)
			b.last = seq
			if len(b.bad) >= listRecords {
				break
			}
			continue
		}
		if len(taken) > 0 && bytes+len(r.data) > maxBytes {
			break
		}
		taken, seqs = append(taken, r), append(seqs, seq)
		if rejected {
			b.reasons = append(b.reasons, why)
		}
		b.last = seq
		bytes += len(r.data)
		agents += len(r.agent)
		ids += idSize(len(r.agent))
	}
	if len(taken) == 0 {
		return nil
	}
	data := make([]byte, 0, bytes)
	var names strings.Builder
	names.Grow(ids)
	b.records = make([]Record, len(taken))
	for i, r := range taken {
		from, name := len(data), names.Len()
		data = append(data, r.data...)
		writeID(&names, r.agent, r.start, seqs[i])
		id := names.String()[name:]
		b.records[i] = Record{
			Seq: seqs[i], ID: id, Agent: id[:len(r.agent)],
			Made: time.UnixMilli(r.made), Data: data[from:len(data):len(data)],
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
