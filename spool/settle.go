package spool

import "context"

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
	return s.transact(ctx, true, "settle", func(tx *Tx) error {
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
	for i := range outcomes {
		o := &outcomes[i]
		key = keyOf(o.Seq)
		k, v := c.Seek(key[:])
		if parseKey(k) != o.Seq || o.Seq == 0 {
			continue
		}
		if o.Refused != nil {
			refused++
			if err := tx.putAside(key[:], v, o.Refused); err != nil {
				return err
			}
		}
		if err := tx.remove(c, keyBytes+len(v), &tx.totals.queue); err != nil {
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

// putAside keeps a refused record under the sequence that it had.
func (tx *Tx) putAside(key, v []byte, why *Refusal) error {
	rejected, err := tx.bucket(bucketRejected)
	if err != nil {
		return err
	}
	value := appendReason(make([]byte, 0, reasonFixed+min(len(why.Message), maxReason)+len(v)), why, tx.now)
	value = append(value, v...)
	if err := rejected.Put(key, value); err != nil {
		return tx.odd(err)
	}
	tx.totals.rejected.add(len(key) + len(value))
	return nil
}

// dropDamaged drops the records of those sequences that still cannot be read.
func (s *Spool) dropDamaged(ctx context.Context, seqs []uint64) error {
	return s.transact(ctx, true, "drop", func(tx *Tx) error {
		tx.inside = true
		return tx.leave(tx.dropSeqs(bucketQueue, seqs, func(seq uint64, v []byte) bool {
			_, err := parseRecord(seq, v)
			return err != nil
		}, CauseDamaged))
	})
}
