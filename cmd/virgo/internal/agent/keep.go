package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"time"

	"virgo/schedule"
	"virgo/spool"
)

// settleTime bounds a transaction that must be tried even though the run's own time is up.
const settleTime = 5 * time.Second

// afterwards is a context for what must still be tried when ctx is over.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleTime)
}

// keep appends what the checks saw and gives the queue for the delivery. Where the disk does not take
// it, the queue holds it in memory.
func (a *Agent) keep(ctx context.Context, p plan, f fresh, rep *Report) *queue {
	ctx, cancel := afterwards(ctx)
	defer cancel()
	now := a.Now()
	q := &queue{agent: a}
	if p.unsaved != nil {
		rep.KeepErr = p.unsaved
		q.unkept(a.ID, f.entries)
		return q
	}
	var records []spool.Record
	var waiting uint64
	dropped := 0
	err := a.Spool.Update(ctx, func(tx *spool.Tx) error {
		stats, err := tx.Stats()
		if err != nil {
			return err
		}
		waiting = stats.Records
		if records, err = tx.Append(f.entries...); err != nil {
			return err
		}
		for _, d := range tx.Dropped() {
			dropped += int(d.Records)
		}
		for _, s := range f.samples {
			if err := tx.Put(sampleSpace, s.checkID, s.data); err != nil {
				return err
			}
		}
		if err := schedule.Finish(tx, f.done, now); err != nil {
			return err
		}
		if err := schedule.Release(tx, f.undone); err != nil {
			return err
		}
		run := RunState{
			StartedMS:   rep.Started.UnixMilli(),
			TookMS:      now.Sub(rep.Started).Milliseconds(),
			Checks:      len(f.done),
			Unavailable: f.unavailable,
			PeakBytes:   peakBytes(),
			Dropping:    dropped > 0,
		}
		return writeJSON(tx, runKey, run)
	})
	if err != nil {
		rep.KeepErr = err
		q.unkept(a.ID, f.entries)
		return q
	}
	rep.Kept, rep.Dropped, rep.Dropping = len(records), dropped, p.state.Run.Dropping
	q.fresh = records
	q.backlog = waiting > 0
	return q
}

// unkept gives entries that no spool took ids of their own kind, as unique as the spool's.
func (q *queue) unkept(agent string, entries []spool.Entry) {
	var start [8]byte
	rand.Read(start[:])
	q.memory = true
	for i, e := range entries {
		q.fresh = append(q.fresh, spool.Record{
			Seq:   uint64(i) + 1,
			ID:    agent + "/" + hex.EncodeToString(start[:]) + "-m" + strconv.Itoa(i),
			Agent: e.Agent, Made: e.Made, Data: e.Data,
		})
	}
}
