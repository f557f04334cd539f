package spool

import (
	"context"

	bolt "go.etcd.io/bbolt"
)

// Retry lets refused records wait again, behind all that waits and under the ids that they have: those
// that sel names by id, or all (sel.Rejected). It says how many; an id that is not among what was
// refused is passed over. It works in small transactions, as [Spool.Drop] does.
//
// Errors: as [Spool.Update].
func (s *Spool) Retry(ctx context.Context, sel Selection) (n int, err error) {
	wanted := make(map[string]bool, len(sel.IDs))
	for _, id := range sel.IDs {
		wanted[id] = true
	}
	var places []uint64
	err = s.list(ctx, bucketRejected, func(r Record, _ *Refusal) error {
		if sel.Rejected || wanted[r.ID] {
			places = append(places, r.Seq)
		}
		return nil
	})
	for len(places) > 0 && err == nil {
		few, moved := min(len(places), listRecords), 0
		err = s.transact(ctx, writes|own, "update", func(tx *Tx) error {
			tx.inside = true
			moved = 0
			return tx.leave(tx.retry(places[:few], &moved))
		})
		if err == nil {
			n += moved
		}
		places = places[few:]
	}
	return n, err
}

func (tx *Tx) retry(places []uint64, moved *int) error {
	queue, err := tx.writable(bucketQueue)
	if err != nil {
		return err
	}
	rejected, err := tx.writable(bucketRejected)
	if err != nil {
		return err
	}
	for _, place := range places {
		if err := tx.waitAgain(queue, rejected, place, moved); err != nil {
			return err
		}
	}
	if err := tx.pack(queue, *moved); err != nil {
		return err
	}
	return tx.trimQueue(queue, *moved)
}

func (tx *Tx) waitAgain(queue, rejected *bolt.Bucket, place uint64, moved *int) error {
	key := keyOf(place)
	v := rejected.Get(key[:])
	if v == nil {
		return nil
	}
	_, value, _ := parseReason(v)
	r, err := parseRecord(place, value)
	if err != nil {
		return nil // who lists what was refused leaves it out as well
	}
	seq, err := queue.NextSequence()
	if err != nil {
		return tx.odd(err)
	}
	again := appendMoved(nil, seq, r.order, r.body)
	to := keyOf(seq)
	if err := queue.Put(to[:], again); err != nil {
		return tx.odd(err)
	}
	bytes := keyBytes + len(v)
	if err := rejected.Delete(key[:]); err != nil {
		return tx.odd(err)
	}
	tx.totals.rejected.sub(1, bytes)
	tx.totals.queue.add(keyBytes + len(again))
	tx.totals.loose++
	tx.dirty = true
	*moved++
	return nil
}
