package spool

import (
	bolt "go.etcd.io/bbolt"

	"virgo/spool/internal/boltfile"
)

// records is one of the buckets that can be large, queue or rejected. Nothing else may access them:
// its methods verify each page before bbolt reads it.
type records struct {
	tx   *Tx
	b    *bolt.Bucket
	tree *boltfile.Tree
}

// records returns a bucket of records, as [Tx.bucket] does.
func (tx *Tx) records(name []byte) (*records, error) {
	b, err := tx.bucket(name)
	if b == nil || err != nil {
		return nil, err
	}
	r := &tx.large[0]
	if string(name) == string(bucketRejected) {
		r = &tx.large[1]
	}
	if r.b == nil {
		*r = records{tx: tx, b: b, tree: tx.o.file.Tree(string(name))}
	}
	return r, nil
}

// writableRecords returns a bucket of records to write to.
func (tx *Tx) writableRecords(name []byte) (*records, error) {
	if !tx.write && !tx.over {
		return nil, ErrViewOnly
	}
	return tx.records(name)
}

// get returns the value of a key. If a page on the way is damaged it returns nil, and the
// transaction fails at its end.
func (r *records) get(key []byte) []byte {
	if !r.tx.verified(r.tree.Path(key)) {
		return nil
	}
	return r.b.Get(key)
}

func (r *records) put(key, value []byte) error {
	if !r.tx.verified(r.tree.Path(key)) {
		return r.tx.fault
	}
	if err := r.b.Put(key, value); err != nil {
		return r.tx.wrapCorrupt(err)
	}
	return nil
}

func (r *records) delete(key []byte) error {
	if !r.tx.verified(r.tree.Delete(key)) {
		return r.tx.fault
	}
	if err := r.b.Delete(key); err != nil {
		return r.tx.wrapCorrupt(err)
	}
	return nil
}

// mergeThreshold is the number of bytes up to which bbolt merges a page of the bucket
// (node.rebalance in its node.go).
func (r *records) mergeThreshold() int {
	return int(float64(boltfile.PageSize)*r.b.FillPercent) / 2
}
