package spool

// parseStored reads a record from a value of the queue that is not a group, or of rejected.
func (tx *Tx) parseStored(from *tally, seq uint64, v []byte) (stored, error) {
	if from == &tx.totals.rejected {
		_, v, _ = parseReason(v)
	}
	return parseRecord(seq, v)
}

// tallyOf returns the counts of a bucket.
func (tx *Tx) tallyOf(bucket []byte) *tally {
	if string(bucket) == string(bucketRejected) {
		return &tx.totals.rejected
	}
	return &tx.totals.queue
}

// remove deletes the pair under c: one record with a value of that many bytes.
func (tx *Tx) remove(c *cursor, seq uint64, bytes int, from *tally) error {
	if err := c.delete(); err != nil {
		return err
	}
	from.sub(1, keyBytes+bytes)
	tx.countLeaving(seq, 1, from)
	tx.dirty = true
	return nil
}

// countLeaving updates the count of unpacked records when records leave the queue.
func (tx *Tx) countLeaving(seq uint64, records int, from *tally) {
	if from == &tx.totals.queue && seq > tx.totals.packed {
		tx.totals.unpacked -= min(tx.totals.unpacked, uint64(records))
	}
}

// drop removes the record under c and counts it. A record that cannot be read counts as damaged,
// whatever the cause.
func (tx *Tx) drop(c *cursor, seq uint64, v []byte, cause Cause, from *tally) error {
	r, err := tx.parseStored(from, seq, v)
	if err != nil {
		cause = CauseDamaged
	}
	bytes := len(v)
	if err := tx.remove(c, seq, bytes, from); err != nil {
		return err
	}
	tx.drops[cause.index()].count(keyBytes+bytes, r.made, err == nil)
	return nil
}

// dropDamagedGroup removes a group that cannot be read. It counts the records by the group's header;
// if that cannot be read either, a recount finds the difference.
func (tx *Tx) dropDamagedGroup(c *cursor, key uint64, v []byte) error {
	n := 0
	if g, err := parseGroup(key, v); err == nil {
		n = g.queued()
	}
	bytes := keyBytes + len(v)
	if err := c.delete(); err != nil {
		return err
	}
	tx.totals.queue.sub(n, bytes)
	tx.countLeaving(key, n, &tx.totals.queue)
	tx.dirty = true
	d := &tx.drops[CauseDamaged.index()]
	d.Records += uint64(n)
	d.Bytes += int64(bytes)
	return nil
}

// recount sets the totals of the queue to the records that it has. The difference was in values that
// cannot be read any more, and counts as damaged.
func (tx *Tx) recount() error {
	queue, err := tx.records(bucketQueue)
	if err != nil {
		return err
	}
	highest, err := tx.highest()
	if err != nil {
		return err
	}
	t := &tx.totals
	before := t.queue.records
	t.queue, t.unpacked = tally{}, 0
	c, previous := queue.cursor(), uint64(0)
	for k, v := c.first(); k != nil; k, v = c.next() {
		key := parseKey(k)
		if key <= previous || key > highest {
			return tx.outOfOrder()
		}
		previous = key
		t.queue.add(keyBytes + len(v))
		if !isGroup(v) {
			if key > t.packed {
				t.unpacked++
			}
		} else if g, err := parseGroup(key, v); err == nil {
			t.queue.records += uint64(g.queued()) - 1
		}
	}
	if before > t.queue.records {
		tx.drops[CauseDamaged.index()].Records += before - t.queue.records
	}
	return nil
}

// A dropTest reports whether to drop a record, and the cause. seq is its sequence number, at the
// spool's clock (ms) when it was appended.
type dropTest func(seq, at uint64) (cause Cause, drop bool)

// dropOldest drops the oldest records up to the first for which test returns false, but only about
// limit of them. left reports whether the bucket may still have records.
func (tx *Tx) dropOldest(b *records, from *tally, limit int, test dropTest) (left bool, err error) {
	highest, err := tx.highest()
	if err != nil {
		return true, err
	}
	previous := uint64(0)
	for limit > 0 {
		c := b.cursor()
		k, v := c.first()
		if k == nil {
			return false, nil
		}
		key := parseKey(k)
		if key <= previous || key > highest {
			return true, tx.outOfOrder()
		}
		if isGroup(v) && from == &tx.totals.queue {
			n, err := tx.dropFromGroup(b, c, key, v, test)
			if n == 0 || err != nil {
				return true, err
			}
			limit -= n
			continue
		}
		previous = key
		r, err := tx.parseStored(from, key, v)
		cause, drop := test(key, r.at)
		if !drop && err == nil {
			return true, nil
		}
		if err := tx.drop(c, key, v, cause, from); err != nil {
			return true, err
		}
		limit--
	}
	return true, nil
}

// dropFromGroup drops the oldest records of a group, and returns how many.
func (tx *Tx) dropFromGroup(
	b *records, c *cursor, key uint64, v []byte, test dropTest,
) (int, error) {
	g, err := parseGroup(key, v)
	if err != nil {
		return 1, tx.dropDamagedGroup(c, key, v)
	}
	if _, drop := test(g.first, g.from); !drop {
		return 0, nil
	}
	list, _, err := g.records(nil)
	if err != nil {
		return 1, tx.dropDamagedGroup(c, key, v)
	}
	var gone []uint64
	for i := range list {
		r := &list[i]
		cause, drop := test(r.seq, r.at)
		if !drop {
			break
		}
		gone = append(gone, r.seq)
		tx.drops[cause.index()].count(r.bytes(), r.made, true)
	}
	return len(gone), tx.removeFromGroup(b, &g, gone)
}

// dropBySeq drops the records with these sequence numbers for which match returns true. It also
// drops values under these keys that cannot be read.
func (tx *Tx) dropBySeq(bucket []byte, seqs []uint64, match func(*stored) bool, cause Cause) error {
	b, err := tx.writableRecords(bucket)
	if err != nil {
		return err
	}
	from := tx.tallyOf(bucket)
	for _, seq := range seqs {
		c := b.cursor()
		key := keyOf(seq)
		k, v := c.seek(key[:])
		if seq == 0 || k == nil {
			continue
		}
		if isGroup(v) && from == &tx.totals.queue {
			err = tx.dropInGroup(b, c, parseKey(k), v, seq, match, cause)
		} else if parseKey(k) == seq {
			if r, unread := tx.parseStored(from, seq, v); unread == nil && !match(&r) {
				continue
			}
			err = tx.drop(c, seq, v, cause, from)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropInGroup drops one record of a group. A group that cannot be read is dropped as a whole, if
// seq is its key.
func (tx *Tx) dropInGroup(
	b *records, c *cursor, key uint64, v []byte, seq uint64, match func(*stored) bool, cause Cause,
) error {
	g, err := parseGroup(key, v)
	var list []stored
	if err == nil {
		list, _, err = g.records(nil)
	}
	if err != nil {
		if key != seq {
			return nil
		}
		return tx.dropDamagedGroup(c, key, v)
	}
	for i := range list {
		if r := &list[i]; r.seq == seq && match(r) {
			tx.drops[cause.index()].count(r.bytes(), r.made, true)
			return tx.removeFromGroup(b, &g, []uint64{seq})
		}
	}
	return nil
}
