package spool

import "context"

// Read returns the records after the sequence number after, oldest first: at most maxRecords of
// them, and at most maxBytes of data unless the first record alone is longer. If it returns no
// records, there are no more. The data of one call share one block of memory, which stays allocated
// as long as any of it is in use. A damaged record is left out; if the spool can be written, it is
// dropped and counted.
//
// Errors: those of opening, and the context's.
func (s *Spool) Read(ctx context.Context, after uint64, maxRecords, maxBytes int) ([]Record, error) {
	return s.readUndamaged(ctx, after, func(tx *Tx, after uint64, b *batch) error {
		return tx.read(bucketQueue, after, maxRecords, maxBytes, b)
	})
}

// ReadBack is [Spool.Read] in the other direction: it returns the records before the sequence number
// before, newest first; if before is 0, it starts with the newest record.
func (s *Spool) ReadBack(ctx context.Context, before uint64, maxRecords, maxBytes int) ([]Record, error) {
	return s.readUndamaged(ctx, before, func(tx *Tx, before uint64, b *batch) error {
		return tx.readBackward(before, maxRecords, maxBytes, b)
	})
}

// readUndamaged reads batches of the queue until one has records or there are no more.
func (s *Spool) readUndamaged(
	ctx context.Context, from uint64, read func(tx *Tx, from uint64, b *batch) error,
) ([]Record, error) {
	for {
		b, err := s.readBatch(ctx, from, read)
		if err != nil {
			return nil, err
		}
		if len(b.damaged) > 0 {
			// An error is ignored: a spool that cannot be written still delivers the records that
			// can be read.
			_ = s.dropDamaged(ctx, b.damaged)
		}
		if len(b.records) > 0 || len(b.damaged) == 0 {
			return b.records, nil
		}
		from = b.last
	}
}

func (s *Spool) readBatch(
	ctx context.Context, from uint64, read func(tx *Tx, from uint64, b *batch) error,
) (b batch, err error) {
	err = s.transact(ctx, reads|repeatable, "", func(tx *Tx) error {
		b = batch{last: from}
		tx.inside = true
		return tx.leave(read(tx, from, &b))
	})
	return b, err
}

// read reads records of a bucket, oldest first.
func (tx *Tx) read(bucket []byte, after uint64, maxRecords, maxBytes int, b *batch) error {
	from, err := tx.records(bucket)
	if from == nil || err != nil || after == 1<<64-1 {
		return err
	}
	highest, err := tx.highest()
	if err != nil {
		return err
	}
	b.maxRecords, b.maxBytes = maxRecords, maxBytes
	rejected, previous := string(bucket) == string(bucketRejected), after
	c := from.cursor()
	k, v := c.first() // Seek would not find the first key where keys are out of order
	if after > 0 {
		key := keyOf(after + 1)
		k, v = c.seek(key[:])
	}
	records := tx.totals.queue.records + tx.totals.rejected.records
	b.taken = make([]stored, 0, min(uint64(max(maxRecords, 0)), listRecords, records))
	defer b.finish()
	wanted := func(seq uint64) bool { return seq > after }
	for ; k != nil && len(b.taken) < maxRecords; k, v = c.next() {
		key := parseKey(k)
		if key <= previous || key > highest {
			return tx.outOfOrder()
		}
		previous = key
		if !rejected {
			if !b.takeValue(key, v, false, wanted) {
				return nil
			}
			continue
		}
		why, value, _ := parseReason(v)
		r, err := parseRecord(key, value)
		if err != nil {
			if !b.noteDamaged(key) {
				return nil
			}
			continue
		}
		if !b.take(&r) {
			return nil
		}
		b.reasons = append(b.reasons, why)
	}
	return nil
}

// readBackward reads records of the queue, newest first.
func (tx *Tx) readBackward(before uint64, maxRecords, maxBytes int, b *batch) error {
	queue, err := tx.records(bucketQueue)
	if queue == nil || err != nil {
		return err
	}
	b.maxRecords, b.maxBytes = maxRecords, maxBytes
	defer b.finish()
	c := queue.cursor()
	var k, v []byte
	if before == 0 {
		before = 1<<64 - 1
		k, v = c.last()
	} else {
		key := keyOf(before)
		if k, v = c.seek(key[:]); k == nil {
			k, v = c.last()
		} else if !isGroup(v) { // a group may begin before that number and end after it
			k, v = c.prev()
		}
	}
	wanted := func(seq uint64) bool { return seq < before }
	for previous := uint64(1<<64 - 1); k != nil && len(b.taken) < maxRecords; k, v = c.prev() {
		key := parseKey(k)
		if key == 0 || key >= previous {
			return tx.outOfOrder()
		}
		previous = key
		if !b.takeValue(key, v, true, wanted) {
			return nil
		}
	}
	return nil
}

// List calls fn for each queued record, oldest first. The file is not open during a call of fn,
// which may therefore take long; records that are appended meanwhile are listed too. An error of fn
// ends the list and is returned unchanged.
func (s *Spool) List(ctx context.Context, fn func(Record) error) error {
	return s.list(ctx, bucketQueue, func(r Record, _ *Refusal) error { return fn(r) })
}

func (s *Spool) list(ctx context.Context, bucket []byte, fn func(Record, *Refusal) error) error {
	for after := uint64(0); ; {
		b, err := s.readBatch(ctx, after, func(tx *Tx, after uint64, b *batch) error {
			return tx.read(bucket, after, listRecords, listBytes, b)
		})
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
