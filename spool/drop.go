package spool

import (
	"context"
	"errors"
)

// A Selection is what a person wants dropped.
type Selection struct {
	// Waiting selects all that waits, Rejected all that was refused.
	Waiting, Rejected bool
	// IDs selects records by id, wherever they are.
	IDs []string
}

// Drop deletes what is selected, counts it in the ledger (cause user), and says how much it was. What
// is appended meanwhile stays. It works in small transactions: an error leaves what was dropped
// before it dropped, and the sum says how much that was. An id that is not there is passed over.
//
// Errors: as [Spool.Update].
func (s *Spool) Drop(ctx context.Context, sel Selection) (dropped Drop, err error) {
	dropped.Cause = CauseUser
	for len(sel.IDs) > 0 && err == nil {
		n := min(len(sel.IDs), listRecords)
		err = s.dropIDs(ctx, sel.IDs[:n], &dropped)
		sel.IDs = sel.IDs[n:]
	}
	if sel.Waiting && err == nil {
		err = s.dropAll(ctx, bucketQueue, &dropped)
	}
	if sel.Rejected && err == nil {
		err = s.dropAll(ctx, bucketRejected, &dropped)
	}
	return dropped, err
}

func (s *Spool) dropIDs(ctx context.Context, ids []string, sum *Drop) error {
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		wanted[id] = true
	}
	waiting, refused, err := s.places(ctx, wanted)
	if err != nil || len(waiting)+len(refused) == 0 {
		return err
	}
	named := func(r *stored) bool { return wanted[r.id()] }
	return s.dropInside(ctx, sum, func(tx *Tx) error {
		if err := tx.dropSeqs(bucketQueue, waiting, named, CauseUser); err != nil {
			return err
		}
		return tx.dropSeqs(bucketRejected, refused, named, CauseUser)
	})
}

// places finds records by their ids. What was refused and waits again is not at the place that its id
// tells, so everything is looked through.
func (s *Spool) places(ctx context.Context, wanted map[string]bool) (waiting, refused []uint64, err error) {
	left := len(wanted)
	look := func(list *[]uint64) func(Record, *Refusal) error {
		return func(r Record, _ *Refusal) error {
			if wanted[r.ID] {
				*list = append(*list, r.Seq)
				if left--; left == 0 {
					return errFound
				}
			}
			return nil
		}
	}
	for _, b := range []struct {
		bucket []byte
		list   *[]uint64
	}{{bucketRejected, &refused}, {bucketQueue, &waiting}} {
		if err := s.list(ctx, b.bucket, look(b.list)); err != nil && err != errFound {
			return nil, nil, err
		}
		if left == 0 {
			break
		}
	}
	return waiting, refused, nil
}

var errFound = errors.New("all were found")

// dropAll drops up to the record that was appended last when it begins.
func (s *Spool) dropAll(ctx context.Context, bucket []byte, sum *Drop) error {
	last, known, done := uint64(0), false, false
	for !done {
		err := s.dropInside(ctx, sum, func(tx *Tx) error {
			b, err := tx.writable(bucket)
			if err != nil {
				return err
			}
			if !known {
				if last, err = tx.highest(); err != nil {
					return err
				}
				known = true
			}
			left, err := tx.dropHead(b, tx.tallyOf(bucket), maxTrim, func(seq, _ uint64) (Cause, bool) {
				done = seq > last
				return CauseUser, !done
			})
			done = done || !left
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Spool) dropInside(ctx context.Context, sum *Drop, fn func(*Tx) error) error {
	var drops []Drop
	err := s.transact(ctx, writes|own, "drop", func(tx *Tx) error {
		tx.inside = true
		err := tx.leave(fn(tx))
		drops = tx.Dropped()
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range drops {
		sum.Records += d.Records
		sum.Bytes += d.Bytes
		sum.reach(d.First)
		sum.reach(d.Last)
	}
	return nil
}
