package spool

import (
	"context"
	"slices"
)

// An Outcome is an endpoint's answer to one record.
type Outcome struct {
	Seq uint64
	// Refused is nil if the record was acknowledged, and the reason if it was rejected.
	Refused *Refusal
}

// Settle removes records from the queue: acknowledged ones are deleted, rejected ones are moved to
// the rejected records. A sequence number that is not queued (any more) is ignored. also, if not
// nil, runs in the same transaction, and again if the file was damaged and had to be repaired. When
// Settle returns nil, all of it is synced; otherwise it is as if Settle had not been called.
//
// Errors: as [Spool.Update].
func (s *Spool) Settle(ctx context.Context, outcomes []Outcome, also func(*Tx) error) error {
	if len(outcomes) == 0 && also == nil {
		return nil
	}
	return s.transact(ctx, writes|repeatable, "settle", func(tx *Tx) error {
		tx.inside = true
		if err := tx.leave(tx.settle(outcomes)); err != nil || also == nil {
			return err
		}
		return also(tx)
	})
}

func (tx *Tx) settle(outcomes []Outcome) error {
	queue, err := tx.writableRecords(bucketQueue)
	if err != nil {
		return err
	}
	c := queue.cursor()
	rejections := 0
	var key [keyBytes]byte
	for i := 0; i < len(outcomes); i++ {
		o := &outcomes[i]
		key = keyOf(o.Seq)
		k, v := c.seek(key[:])
		if k == nil || o.Seq == 0 {
			continue
		}
		if isGroup(v) {
			n, more, err := tx.settleGroup(queue, parseKey(k), v, outcomes[i:])
			if err != nil {
				return err
			}
			i, rejections = i+n-1, rejections+more
			continue
		}
		if parseKey(k) != o.Seq {
			continue
		}
		if o.Refused != nil {
			rejections++
			if err := tx.reject(o.Seq, v, o.Refused); err != nil {
				return err
			}
		}
		if err := tx.remove(c, o.Seq, len(v), &tx.totals.queue); err != nil {
			return err
		}
	}
	if rejections == 0 {
		return nil
	}
	rejected, err := tx.records(bucketRejected)
	if err != nil {
		return err
	}
	return tx.trimRejected(rejected, rejections)
}

// settleGroup settles the first n outcomes, which are those of one group, and returns how many of
// them were rejected. A group that cannot be read stays as it is; the next read counts the damage.
func (tx *Tx) settleGroup(
	queue *records, key uint64, v []byte, outcomes []Outcome,
) (n, rejections int, err error) {
	g, err := parseGroup(key, v)
	if err != nil || outcomes[0].Seq < g.first {
		return 1, 0, nil
	}
	var list []stored
	var gone []uint64
	for ; n < len(outcomes) && outcomes[n].Seq >= g.first && outcomes[n].Seq <= g.last; n++ {
		o := &outcomes[n]
		if !g.has(o.Seq) || slices.Contains(gone, o.Seq) {
			continue
		}
		if o.Refused != nil {
			if list == nil {
				if list, _, err = g.records(nil); err != nil {
					return n + 1, rejections, nil
				}
			}
			i := slices.IndexFunc(list, func(r stored) bool { return r.seq == o.Seq })
			rejections++
			if err := tx.reject(o.Seq, list[i].appendValue(nil), o.Refused); err != nil {
				return n, rejections, err
			}
		}
		gone = append(gone, o.Seq)
	}
	return n, rejections, tx.removeFromGroup(queue, &g, gone)
}

// removeFromGroup marks records of a group as gone, and deletes the group with its last record.
func (tx *Tx) removeFromGroup(queue *records, g *group, gone []uint64) error {
	if len(gone) == 0 {
		return nil
	}
	var err error
	key, bytes := keyOf(g.last), 0
	if len(gone) >= g.queued() {
		bytes = keyBytes + len(g.v)
		err = queue.delete(key[:])
	} else {
		err = queue.put(key[:], g.without(gone...))
	}
	if err != nil {
		return err
	}
	tx.totals.queue.sub(len(gone), bytes)
	tx.dirty = true
	return nil
}

// reject stores a rejected record under the sequence number that it had.
func (tx *Tx) reject(seq uint64, v []byte, why *Refusal) error {
	rejected, err := tx.records(bucketRejected)
	if err != nil {
		return err
	}
	value := appendReason(make([]byte, 0, reasonFixed+min(len(why.Message), maxReason)+len(v)), why, tx.now)
	value = append(value, v...)
	key := keyOf(seq)
	if err := rejected.put(key[:], value); err != nil {
		return err
	}
	tx.totals.rejected.add(keyBytes + len(value))
	return nil
}

// dropDamaged drops the values under keys that still cannot be read.
func (s *Spool) dropDamaged(ctx context.Context, keys []uint64) error {
	return s.transact(ctx, writes|repeatable, "drop", func(tx *Tx) error {
		tx.inside = true
		err := tx.dropBySeq(bucketQueue, keys, func(*stored) bool { return false }, CauseDamaged)
		if err == nil && tx.dirty {
			err = tx.recount()
		}
		return tx.leave(err)
	})
}
