package spool

import (
	"context"
	"time"
)

// Stats are the counts of stored and dropped records, and the bounds.
type Stats struct {
	// Records and Bytes (keys, headers and data) are the queue's. Oldest and Newest are when the
	// first and the last queued record were made; zero if there is none.
	Records        uint64
	Bytes          int64
	Oldest, Newest time.Time
	// Rejected and RejectedBytes are those of the rejected records.
	Rejected      uint64
	RejectedBytes int64
	// Dropped has the drops that are in no acknowledged report yet ([Tx.ClearLoss]), Ever all drops.
	// Both have one entry for each cause that has drops.
	Dropped, Ever []Drop
	// Inflow counts the records that were appended during the last day or two.
	Inflow Inflow
	// FileBytes is the length of the file.
	FileBytes int64
	// MaxBytes and MaxAge are the bounds.
	MaxBytes int64
	MaxAge   time.Duration
}

// Stats reads the spool's totals. Its cost does not depend on the length of the queue. Errors: those
// of opening, and the context's.
func (s *Spool) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.transact(ctx, reads|repeatable, "", func(tx *Tx) (err error) {
		st, err = tx.Stats()
		return err
	})
	return st, err
}

// Stats is [Spool.Stats] as the transaction sees it.
func (tx *Tx) Stats() (Stats, error) {
	tx.inside = true
	st, err := tx.stats()
	return st, tx.leave(err)
}

func (tx *Tx) stats() (Stats, error) {
	t := &tx.totals
	st := Stats{
		Records: t.queue.records, Bytes: int64(t.queue.bytes),
		Rejected: t.rejected.records, RejectedBytes: int64(t.rejected.bytes),
		Inflow:   t.recentInflow(),
		MaxBytes: tx.s.opt.MaxBytes, MaxAge: tx.s.opt.MaxAge,
	}
	if tx.o != nil {
		st.FileBytes = tx.o.size
	}
	queue, err := tx.records(bucketQueue)
	if queue == nil || err != nil {
		return st, err
	}
	c := queue.cursor()
	k, v := c.first()
	if made, ok := madeAt(parseKey(k), v, false); ok {
		st.Oldest = time.UnixMilli(made)
	}
	k, v = c.last()
	if made, ok := madeAt(parseKey(k), v, true); ok {
		st.Newest = time.UnixMilli(made)
	}
	dropped, err := tx.bucket(bucketDropped)
	if err != nil {
		return st, err
	}
	pending, err := tx.pendingLoss()
	if err != nil {
		return st, err
	}
	for i, cause := range causes {
		ever, _ := readDrop(cause, dropped.Get([]byte(cause)))
		since, _ := readDrop(cause, dropped.Get(sinceKey(cause)))
		for _, d := range pending.Drops {
			if d.Cause == cause {
				since.add(d)
			}
		}
		ever.add(tx.drops[i])
		since.add(tx.drops[i])
		if ever.Records > 0 {
			st.Ever = append(st.Ever, ever)
		}
		if since.Records > 0 {
			st.Dropped = append(st.Dropped, since)
		}
	}
	return st, nil
}

// madeAt returns when the first or the last record of a value was made, in ms since the Unix epoch.
// A group is expanded only if that record is gone.
func madeAt(key uint64, v []byte, newest bool) (ms int64, ok bool) {
	if !isGroup(v) {
		r, err := parseRecord(key, v)
		return r.made, err == nil
	}
	g, err := parseGroup(key, v)
	switch {
	case err != nil:
		return 0, false
	case newest && g.has(g.last):
		return g.lastMade, true
	case !newest && g.has(g.first):
		return g.made, true
	}
	list, _, err := g.records(nil)
	if err != nil || len(list) == 0 {
		return 0, false
	}
	if newest {
		return list[len(list)-1].made, true
	}
	return list[0].made, true
}
