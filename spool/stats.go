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
	// Dropped is what was ever dropped, by cause; no entry for a cause that never was.
	Dropped []Drop
	// Inflow is what was appended lately: what the bounds can hold is a matter of it.
	Inflow Inflow
	// FileBytes is the length of the file; it does not shrink when records leave.
	FileBytes int64
	// MaxBytes and MaxAge are the bounds.
	MaxBytes int64
	MaxAge   time.Duration
}

// Stats reads the spool's numbers; their cost does not grow with what waits. Errors: those of
// opening, and the context's.
func (s *Spool) Stats(ctx context.Context) (Stats, error) {
	var st Stats
	err := s.View(ctx, func(tx *Tx) (err error) {
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
	if r, err := parseRecord(parseKey(k), v); err == nil {
		st.Oldest = time.UnixMilli(r.made)
	}
	k, v = c.Last()
	if r, err := parseRecord(parseKey(k), v); err == nil {
		st.Newest = time.UnixMilli(r.made)
	}
	dropped, err := tx.bucket(bucketDropped)
	if err != nil {
		return st, err
	}
	for i, cause := range causes {
		d, _ := readDrop(cause, dropped.Get([]byte(cause)))
		now := &tx.drops[i]
		d.Records += now.Records
		d.Bytes += now.Bytes
		d.reach(now.First)
		d.reach(now.Last)
		if d.Records > 0 {
			st.Dropped = append(st.Dropped, d)
		}
	}
	return st, nil
}
