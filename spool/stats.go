package spool

import (
	"context"
	"time"
)

// Stats is what a spool holds and has lost.
type Stats struct {
	// Records and Bytes (keys, headers and data) are what waits; Oldest and Newest are when the first
	// and the last of it were made, zero where nothing waits.
	Records        uint64
	Bytes          int64
	Oldest, Newest time.Time
	// Rejected and RejectedBytes are what was refused and is kept.
	Rejected      uint64
	RejectedBytes int64
	// Dropped is what was dropped and no endpoint has acknowledged to know of ([Tx.ClearLoss]), Ever
	// what was ever dropped; by cause, with no entry for a cause that never was.
	Dropped, Ever []Drop
	// Inflow is what was appended lately: what the bounds can hold is a matter of it.
	Inflow Inflow
	// FileBytes is the length of the file.
	FileBytes int64
	// MaxBytes and MaxAge are the bounds.
	MaxBytes int64
	MaxAge   time.Duration
}

// Stats reads the spool's numbers; their cost does not grow with what waits. Errors: those of
// opening, and the context's.
func (s *Spool) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.transact(ctx, reads|own, "", func(tx *Tx) (err error) {
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
		Inflow:   t.lately(),
		MaxBytes: tx.s.opt.MaxBytes, MaxAge: tx.s.opt.MaxAge,
	}
	if tx.o != nil {
		st.FileBytes = tx.o.size
	}
	queue, err := tx.bucket(bucketQueue)
	if queue == nil || err != nil {
		return st, err
	}
	c := queue.Cursor()
	k, v := c.First()
	if made, ok := madeAt(parseKey(k), v, false); ok {
		st.Oldest = time.UnixMilli(made)
	}
	k, v = c.Last()
	if made, ok := madeAt(parseKey(k), v, true); ok {
		st.Newest = time.UnixMilli(made)
	}
	dropped, err := tx.bucket(bucketDropped)
	if err != nil {
		return st, err
	}
	told, err := tx.frozen()
	if err != nil {
		return st, err
	}
	for i, cause := range causes {
		ever, _ := readDrop(cause, dropped.Get([]byte(cause)))
		since, _ := readDrop(cause, dropped.Get(sinceKey(cause)))
		for _, d := range told.Drops {
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

// madeAt is when the first or the last record of a stored value was made, ms since the epoch. A group
// is expanded only where that record of it is gone.
func madeAt(key uint64, v []byte, newest bool) (ms int64, ok bool) {
	if !isGroup(v) {
		r, err := parseRecord(key, v)
		return r.made, err == nil
	}
	g, err := parseGroup(key, v)
	switch {
	case err != nil:
		return 0, false
	case newest && g.waits(g.last):
		return g.made2, true
	case !newest && g.waits(g.first):
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
