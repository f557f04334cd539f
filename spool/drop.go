package spool

import (
	"context"
	"strings"
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
	seqs := make([]uint64, 0, len(ids))
	wanted := make(map[string]bool, len(ids))
	for _, id := range ids {
		seqs = append(seqs, seqOf(id))
		wanted[id] = true
	}
	named := func(seq uint64, v []byte) bool {
		r, err := parseRecord(seq, v)
		if err != nil {
			return false
		}
		var id strings.Builder
		writeID(&id, r.agent, r.start, seq)
		return wanted[id.String()]
	}
	return s.dropInside(ctx, sum, func(tx *Tx) error {
		if err := tx.dropSeqs(bucketQueue, seqs, named, CauseUser); err != nil {
			return err
		}
		return tx.dropSeqs(bucketRejected, seqs, func(seq uint64, v []byte) bool {
			_, v, _ = parseReason(v)
			return named(seq, v)
		}, CauseUser)
	})
}

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
			left, err := tx.dropHead(b, tx.tallyOf(bucket), maxTrim, func(seq uint64, _ []byte) (Cause, bool) {
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
	err := s.transact(ctx, true, "drop", func(tx *Tx) error {
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
