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

// remove deletes the pair under c, which takes bytes.
func (tx *Tx) remove(c *bolt.Cursor, bytes int, from *tally) error {
	if err := c.Delete(); err != nil {
		return tx.odd(err)
	}
	from.sub(bytes)
	tx.dirty = true
	return nil
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
	bytes := keyBytes + len(v)
	if err := tx.remove(c, bytes, from); err != nil {
		return err
	}
	tx.drops[cause.index()].note(bytes, r.made, err == nil)
	return nil
}

// dropHead drops the oldest records, most of them at a time, for as long as why says so. left says
// whether any is left.
func (tx *Tx) dropHead(b *bolt.Bucket, from *tally, most int, why func(seq uint64, v []byte) (Cause, bool)) (left bool, err error) {
	highest, err := tx.highest()
	if err != nil {
		return true, err
	}
	c := b.Cursor()
	before := uint64(0)
	for range most {
		k, v := c.First()
		if k == nil {
			return false, nil
		}
		seq := parseKey(k)
		if seq <= before || seq > highest {
			return true, tx.disorder()
		}
		before = seq
		cause, yes := why(seq, v)
		if !yes {
			return true, nil
		}
		if err := tx.drop(c, seq, v, cause, from); err != nil {
			return true, err
		}
	}
	return true, nil
}

// dropSeqs drops those of the sequences that are there and that match says yes to.
func (tx *Tx) dropSeqs(bucket []byte, seqs []uint64, match func(seq uint64, v []byte) bool, cause Cause) error {
	b, err := tx.writable(bucket)
	if err != nil {
		return err
	}
	c := b.Cursor()
	var key [keyBytes]byte
	for _, seq := range seqs {
		key = keyOf(seq)
		k, v := c.Seek(key[:])
		if seq == 0 || parseKey(k) != seq || !match(seq, v) {
			continue
		}
		if err := tx.drop(c, seq, v, cause, tx.tallyOf(bucket)); err != nil {
			return err
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
