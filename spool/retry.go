package spool

import "context"

// Retry moves rejected records to the end of the queue: those whose ids are in sel.IDs, or all of
// them (sel.Rejected). They keep their ids. It returns how many it moved; other ids are ignored. It
// works in small transactions, as [Spool.Drop] does.
//
// Errors: as [Spool.Update].
func (s *Spool) Retry(ctx context.Context, sel Selection) (n int, err error) {
	wanted := make(map[string]bool, len(sel.IDs))
	for _, id := range sel.IDs {
		wanted[id] = true
	}
	var seqs []uint64
	err = s.list(ctx, bucketRejected, func(r Record, _ *Refusal) error {
		if sel.Rejected || wanted[r.ID] {
			seqs = append(seqs, r.Seq)
		}
		return nil
	})
	for len(seqs) > 0 && err == nil {
		few, moved := min(len(seqs), listRecords), 0
		err = s.transact(ctx, writes|repeatable, "update", func(tx *Tx) error {
			tx.inside = true
			moved = 0
			return tx.leave(tx.retry(seqs[:few], &moved))
		})
		if err == nil {
			n += moved
		}
		seqs = seqs[few:]
	}
	return n, err
}

func (tx *Tx) retry(seqs []uint64, moved *int) error {
	queue, err := tx.writableRecords(bucketQueue)
	if err != nil {
		return err
	}
	rejected, err := tx.writableRecords(bucketRejected)
	if err != nil {
		return err
	}
	for _, seq := range seqs {
		if err := tx.requeue(queue, rejected, seq, moved); err != nil {
			return err
		}
	}
	if err := tx.pack(queue, *moved); err != nil {
		return err
	}
	return tx.trimQueue(queue, *moved)
}

// requeue moves one rejected record to the end of the queue.
func (tx *Tx) requeue(queue, rejected *records, seq uint64, moved *int) error {
	key := keyOf(seq)
	v := rejected.get(key[:])
	if v == nil {
		return nil
	}
	_, value, _ := parseReason(v)
	r, err := parseRecord(seq, value)
	if err != nil {
		return nil // damaged, as ListRejected finds
	}
	next, err := queue.b.NextSequence()
	if err != nil {
		return tx.wrapCorrupt(err)
	}
	again := appendMoved(nil, next, r.order, r.body)
	to := keyOf(next)
	if err := queue.put(to[:], again); err != nil {
		return err
	}
	bytes := keyBytes + len(v)
	if err := rejected.delete(key[:]); err != nil {
		return err
	}
	tx.totals.rejected.sub(1, bytes)
	tx.totals.queue.add(keyBytes + len(again))
	tx.totals.unpacked++
	tx.dirty = true
	*moved++
	return nil
}
