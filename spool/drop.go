package spool

import (
	"context"
	"errors"
)

// A Selection selects records for [Spool.Drop] and [Spool.Retry]. The zero value selects none.
type Selection struct {
	// Waiting selects all queued records, Rejected all rejected ones.
	Waiting, Rejected bool
	// IDs selects records by id.
	IDs []string
}

// Drop deletes the selected records, counts them (cause user), and returns the count. Records that
// are appended meanwhile stay. It works in small transactions: after an error, the count is that of
// the transactions before it. An id that does not exist is ignored.
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
	queued, rejected, err := s.find(ctx, wanted)
	if err != nil || len(queued)+len(rejected) == 0 {
		return err
	}
	match := func(r *stored) bool { return wanted[r.id()] }
	return s.dropInTx(ctx, sum, func(tx *Tx) error {
		if err := tx.dropBySeq(bucketQueue, queued, match, CauseUser); err != nil {
			return err
		}
		return tx.dropBySeq(bucketRejected, rejected, match, CauseUser)
	})
}

// find returns the sequence numbers of records by their ids. It reads all records, because the
// number in an id is not the sequence number of a record that was rejected and queued again.
func (s *Spool) find(ctx context.Context, wanted map[string]bool) (queued, rejected []uint64, err error) {
	left := len(wanted)
	collect := func(list *[]uint64) func(Record, *Refusal) error {
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
	}{{bucketRejected, &rejected}, {bucketQueue, &queued}} {
		if err := s.list(ctx, b.bucket, collect(b.list)); err != nil && !errors.Is(err, errFound) {
			return nil, nil, err
		}
		if left == 0 {
			break
		}
	}
	return queued, rejected, nil
}

var errFound = errors.New("all records were found")

// dropAll drops all records of a bucket up to the one that was appended last when it begins.
func (s *Spool) dropAll(ctx context.Context, bucket []byte, sum *Drop) error {
	last, known, done := uint64(0), false, false
	for !done {
		err := s.dropInTx(ctx, sum, func(tx *Tx) error {
			b, err := tx.writableRecords(bucket)
			if err != nil {
				return err
			}
			if !known {
				if last, err = tx.highest(); err != nil {
					return err
				}
				known = true
			}
			left, err := tx.dropOldest(b, tx.tallyOf(bucket), maxTrim, func(seq, _ uint64) (Cause, bool) {
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

// dropInTx runs fn in a transaction and adds what it dropped to sum.
func (s *Spool) dropInTx(ctx context.Context, sum *Drop, fn func(*Tx) error) error {
	var drops []Drop
	err := s.transact(ctx, writes|repeatable, "drop", func(tx *Tx) error {
		tx.inside = true
		err := tx.leave(fn(tx))
		drops = tx.Dropped()
		return err
	})
	if err != nil {
		return err
	}
	for _, d := range drops {
		sum.add(d)
	}
	return nil
}
