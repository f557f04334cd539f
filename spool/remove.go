package spool

import bolt "go.etcd.io/bbolt"

// disorder is the error for a tree whose keys are not where they belong. bbolt finds a key by halving,
// so among keys that are out of order it may delete nothing and say nothing, or walk in a circle: who
// walks looks that the keys grow.
func (tx *Tx) disorder() error { return damaged(tx.s.path, "its keys are out of order") }

// highest is the sequence of the record that was appended last.
func (tx *Tx) highest() (uint64, error) {
	queue, err := tx.bucket(bucketQueue)
	if err != nil {
		return 0, err
	}
	return queue.Sequence(), nil
}

// odd is for an error of bbolt that a whole tree does not give: keys and values were weighed before.
func (tx *Tx) odd(err error) error { return damaged(tx.s.path, "%v", err) }

// remove deletes the pair under c: one record, at the place seq, whose value has bytes.
func (tx *Tx) remove(c *bolt.Cursor, seq uint64, bytes int, from *tally) error {
	if err := c.Delete(); err != nil {
		return tx.odd(err)
	}
	from.sub(1, keyBytes+bytes)
	tx.loosen(seq, 1, from)
	tx.dirty = true
	return nil
}

// loosen counts records that leave the part of the queue that is not packed.
func (tx *Tx) loosen(seq uint64, records int, from *tally) {
	if from == &tx.totals.queue && seq > tx.totals.packed {
		tx.totals.loose -= min(tx.totals.loose, uint64(records))
	}
}

// drop removes the record under c and counts it. What cannot be read counts as damaged, whatever
// the reason it is dropped for.
func (tx *Tx) drop(c *bolt.Cursor, seq uint64, v []byte, cause Cause, from *tally) error {
	value := v
	if from == &tx.totals.rejected {
		_, value, _ = parseReason(v)
	}
	r, err := parseRecord(seq, value)
	if err != nil {
		cause = CauseDamaged
	}
	bytes := len(v)
	if err := tx.remove(c, seq, bytes, from); err != nil {
		return err
	}
	tx.drops[cause.index()].note(keyBytes+bytes, r.made, err == nil)
	return nil
}

// spoilt removes a group that cannot be read. How many it held is what its head still says of it, if
// that can be; else a recount will tell.
func (tx *Tx) spoilt(c *bolt.Cursor, key uint64, v []byte) error {
	n := 0
	if g, err := parseGroup(key, v); err == nil {
		n = g.live()
	}
	bytes := keyBytes + len(v)
	if err := c.Delete(); err != nil {
		return tx.odd(err)
	}
	tx.totals.queue.sub(n, bytes)
	tx.loosen(key, n, &tx.totals.queue)
	tx.dirty = true
	d := &tx.drops[CauseDamaged.index()]
	d.Records += uint64(n)
	d.Bytes += int64(bytes)
	return nil
}

// recount sets the totals to what is there. What they spoke of besides was in values that could not be read
// any more, and counts as damaged.
func (tx *Tx) recount() error {
	queue, err := tx.bucket(bucketQueue)
	if err != nil {
		return err
	}
	highest, err := tx.highest()
	if err != nil {
		return err
	}
	t := &tx.totals
	was := t.queue.records
	t.queue, t.loose = tally{}, 0
	c, before := queue.Cursor(), uint64(0)
	for k, v := c.First(); k != nil; k, v = c.Next() {
		key := parseKey(k)
		if key <= before || key > highest {
			return tx.disorder()
		}
		before = key
		t.queue.add(keyBytes + len(v))
		if !isGroup(v) {
			if key > t.packed {
				t.loose++
			}
		} else if g, err := parseGroup(key, v); err == nil {
			t.queue.records += uint64(g.live()) - 1
		}
	}
	if was > t.queue.records {
		tx.drops[CauseDamaged.index()].Records += was - t.queue.records
	}
	return nil
}

// dropHead drops the oldest records, about most of them at a time, for as long as why says so of a place and
// the spool's time that the record was appended at. left says whether any is left.
func (tx *Tx) dropHead(b *bolt.Bucket, from *tally, most int, why func(seq, at uint64) (Cause, bool)) (left bool, err error) {
	highest, err := tx.highest()
	if err != nil {
		return true, err
	}
	before := uint64(0)
	for most > 0 {
		c := b.Cursor()
		k, v := c.First()
		if k == nil {
			return false, nil
		}
		key := parseKey(k)
		if key <= before || key > highest {
			return true, tx.disorder()
		}
		if isGroup(v) && from == &tx.totals.queue {
			n, err := tx.dropFromGroup(b, c, key, v, why)
			if n == 0 || err != nil {
				return true, err
			}
			most -= n
			continue
		}
		before = key
		value := v
		if from == &tx.totals.rejected {
			_, value, _ = parseReason(v)
		}
		r, err := parseRecord(key, value)
		cause, yes := why(key, r.at)
		if !yes && err == nil {
			return true, nil
		}
		if err := tx.drop(c, key, v, cause, from); err != nil {
			return true, err
		}
		most--
	}
	return true, nil
}

// dropFromGroup drops the oldest records of a group, and says how many.
func (tx *Tx) dropFromGroup(b *bolt.Bucket, c *bolt.Cursor, key uint64, v []byte, why func(seq, at uint64) (Cause, bool)) (int, error) {
	g, err := parseGroup(key, v)
	if err != nil {
		return 1, tx.spoilt(c, key, v)
	}
	if _, yes := why(g.first, g.from); !yes {
		return 0, nil
	}
	list, _, err := g.records(nil)
	if err != nil {
		return 1, tx.spoilt(c, key, v)
	}
	var gone []uint64
	for i := range list {
		r := &list[i]
		cause, yes := why(r.seq, r.at)
		if !yes {
			break
		}
		gone = append(gone, r.seq)
		tx.drops[cause.index()].note(r.bytes(), r.made, true)
	}
	return len(gone), tx.takeOut(b, &g, gone)
}

// dropSeqs drops those records at the places that are there and that match says yes to, and, under
// these keys, what cannot be read.
func (tx *Tx) dropSeqs(bucket []byte, seqs []uint64, match func(*stored) bool, cause Cause) error {
	b, err := tx.writable(bucket)
	if err != nil {
		return err
	}
	var key [keyBytes]byte
	for _, seq := range seqs {
		c := b.Cursor()
		key = keyOf(seq)
		k, v := c.Seek(key[:])
		if seq == 0 || k == nil {
			continue
		}
		if isGroup(v) && string(bucket) == string(bucketQueue) {
			err = tx.dropInGroup(b, c, parseKey(k), v, seq, match, cause)
		} else if parseKey(k) == seq {
			value := v
			if string(bucket) == string(bucketRejected) {
				_, value, _ = parseReason(v)
			}
			r, unread := parseRecord(seq, value)
			if unread == nil && !match(&r) {
				continue
			}
			err = tx.drop(c, seq, v, cause, tx.tallyOf(bucket))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropInGroup drops one record of a group. A group that cannot be read goes as a whole, if seq is its key.
func (tx *Tx) dropInGroup(b *bolt.Bucket, c *bolt.Cursor, key uint64, v []byte, seq uint64, match func(*stored) bool, cause Cause) error {
	g, err := parseGroup(key, v)
	var list []stored
	if err == nil {
		list, _, err = g.records(nil)
	}
	if err != nil {
		if key != seq {
			return nil
		}
		return tx.spoilt(c, key, v)
	}
	for i := range list {
		if r := &list[i]; r.seq == seq && match(r) {
			tx.drops[cause.index()].note(r.bytes(), r.made, true)
			return tx.takeOut(b, &g, []uint64{seq})
		}
	}
	return nil
}

// tallyOf is what counts the records of a bucket.
func (tx *Tx) tallyOf(bucket []byte) *tally {
	if string(bucket) == string(bucketRejected) {
		return &tx.totals.rejected
	}
	return &tx.totals.queue
}
