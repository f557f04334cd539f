package spool

import (
	"context"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// An Outcome is what an endpoint said to one record.
type Outcome struct {
	Seq uint64
	// Refused is nil where the record was acknowledged; else the record is put aside with it.
	Refused *Refusal
}

// Settle takes records out of the queue: what was acknowledged is deleted, what was refused is put
// aside. A sequence that does not wait (any more) is passed over. also, if not nil, runs in the same
// transaction. All of it is synced when Settle returns, or none of it happened.
//
// Errors: as [Spool.Update].
func (s *Spool) Settle(ctx context.Context, outcomes []Outcome, also func(*Tx) error) error {
	if len(outcomes) == 0 && also == nil {
		return nil
	}
	return s.transact(ctx, writes|own, "settle", func(tx *Tx) error {
		tx.inside = true
		if err := tx.leave(tx.settle(outcomes)); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

func (tx *Tx) settle(outcomes []Outcome) error {
	queue, err := tx.writable(bucketQueue)
	if err != nil {
		return err
	}
	c := queue.Cursor()
	refused := 0
	var key [keyBytes]byte
	for i := 0; i < len(outcomes); i++ {
		o := &outcomes[i]
		key = keyOf(o.Seq)
		k, v := c.Seek(key[:])
		if k == nil || o.Seq == 0 {
			continue
		}
		if isGroup(v) {
			n, aside, err := tx.settleGroup(queue, parseKey(k), v, outcomes[i:])
			if err != nil {
				return err
			}
			i, refused = i+n-1, refused+aside
			continue
		}
		if parseKey(k) != o.Seq {
			continue
		}
		if o.Refused != nil {
			refused++
			if err := tx.putAside(o.Seq, v, o.Refused); err != nil {
				return err
			}
		}
		if err := tx.remove(c, o.Seq, len(v), &tx.totals.queue); err != nil {
			return err
		}
	}
	if refused == 0 {
		return nil
	}
	rejected, err := tx.bucket(bucketRejected)
	if err != nil {
		return err
	}
	return tx.trimRejected(rejected, refused)
}

// settleGroup takes the first outcomes, n of them, that belong to one group, out of it. A group that
// cannot be read is left as it is: who reads it finds it out, and counts it.
func (tx *Tx) settleGroup(queue *bolt.Bucket, key uint64, v []byte, outcomes []Outcome) (n, refused int, err error) {
	g, err := parseGroup(key, v)
	if err != nil || outcomes[0].Seq < g.first {
		return 1, 0, nil
	}
	var list []stored
	var gone []uint64
	for ; n < len(outcomes) && outcomes[n].Seq >= g.first && outcomes[n].Seq <= g.last; n++ {
		o := &outcomes[n]
		if !g.waits(o.Seq) || slices.Contains(gone, o.Seq) {
			continue
		}
		if o.Refused != nil {
			if list == nil {
				if list, _, err = g.records(nil); err != nil {
					return n + 1, refused, nil
				}
			}
			i := slices.IndexFunc(list, func(r stored) bool { return r.seq == o.Seq })
			refused++
			if err := tx.putAside(o.Seq, list[i].appendAgain(nil), o.Refused); err != nil {
				return n, refused, err
			}
		}
		gone = append(gone, o.Seq)
	}
	return n, refused, tx.takeOut(queue, &g, gone)
}

// takeOut takes places out of a group, and the group away with the last of them.
func (tx *Tx) takeOut(queue *bolt.Bucket, g *group, gone []uint64) error {
	if len(gone) == 0 {
		return nil
	}
	var err error
	key, bytes := keyOf(g.last), 0
	if len(gone) >= g.live() {
		bytes = keyBytes + len(g.v)
		err = queue.Delete(key[:])
	} else {
		err = queue.Put(key[:], g.without(gone...))
	}
	if err != nil {
		return tx.odd(err)
	}
	tx.totals.queue.sub(len(gone), bytes)
	tx.dirty = true
	return nil
}

// putAside keeps a refused record under the place that it had.
func (tx *Tx) putAside(seq uint64, v []byte, why *Refusal) error {
	rejected, err := tx.bucket(bucketRejected)
	if err != nil {
		return err
	}
	value := appendReason(make([]byte, 0, reasonFixed+min(len(why.Message), maxReason)+len(v)), why, tx.now)
	value = append(value, v...)
	key := keyOf(seq)
	if err := rejected.Put(key[:], value); err != nil {
		return tx.odd(err)
	}
	tx.totals.rejected.add(keyBytes + len(value))
	return nil
}

// dropDamaged drops the values under those keys that still cannot be read.
func (s *Spool) dropDamaged(ctx context.Context, keys []uint64) error {
	return s.transact(ctx, writes|own, "drop", func(tx *Tx) error {
		tx.inside = true
		err := tx.dropSeqs(bucketQueue, keys, func(*stored) bool { return false }, CauseDamaged)
		if err == nil && tx.dirty {
			err = tx.recount()
		}
		return tx.leave(err)
	})
}
