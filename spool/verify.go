package spool

import "virgo/spool/internal/boltfile"

// verified reports whether pages could be verified. If not, the transaction fails at its end, so
// that a caller cannot take the damage for the end of the bucket.
func (tx *Tx) verified(err error) bool {
	if err != nil && tx.fault == nil {
		tx.fault = tx.unverified(err)
	}
	return err == nil
}

// unverified wraps an error of package boltfile.
func (tx *Tx) unverified(err error) error {
	if boltfile.IsCorrupt(err) {
		return tx.wrapCorrupt(err)
	}
	return explain("read", tx.s.path, false, err)
}

// verifyFirst verifies, before the caller's function begins, what is repaired best now: both ends of
// the queue, where every append begins and ends; and in the first transaction of a day all branches.
func (tx *Tx) verifyFirst() error {
	if tx.totals.newDay {
		if err := tx.o.file.CheckAll(); err != nil {
			return tx.unverified(err)
		}
	}
	if !tx.write {
		return nil
	}
	queue, err := tx.records(bucketQueue)
	if err != nil {
		return err
	}
	if err = queue.tree.First(); err == nil {
		err = queue.tree.Last()
	}
	if err != nil {
		return tx.unverified(err)
	}
	return nil
}

// verifyMerges verifies what a commit can read besides the pages that were verified before: if it
// merges branches, others on any way.
func (tx *Tx) verifyMerges() error {
	for i := range tx.large {
		if r := &tx.large[i]; r.b != nil && r.tree.MergesBranches(r.mergeThreshold()) {
			if err := tx.o.file.CheckAll(); err != nil {
				return tx.unverified(err)
			}
			return nil
		}
	}
	return nil
}
