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

// keep waits for the checks, sees that what they brought is on the disk, and gives the queue for the
// delivery. Where the disk does not take it, the queue holds it in memory.
func (r *round) keep(ctx context.Context) *queue {
	<-r.over
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a, q := r.agent, &queue{agent: r.agent}
	if !r.isKept && r.records == nil {
		// Also where the claims could not be written: the disk may have room again. Never after an append
		// whose commit failed, because that may have come to the disk all the same.
		r.unsaved = a.Spool.Update(ctx, r.keepIn)
	}
	if r.unsaved != nil {
		r.rep.KeepErr = r.unsaved
		q.unkept(a.ID, r.entries, r.records)
		return q
	}
	r.rep.Kept, r.rep.Dropped, r.rep.Dropping = len(r.records), r.dropped, r.state.Run.Dropping
	q.fresh, q.backlog, q.loss = r.records, r.backlog, r.loss
	return q
}

// keepIn appends the results, with their samples and last runs, in one transaction.
func (r *round) keepIn(tx *spool.Tx) error {
	now := r.agent.Now()
	stats, err := tx.Stats()
	if err != nil {
		return err
	}
	r.backlog = stats.Records > 0
	r.loss = spool.Loss{}
	if len(stats.Dropped) > 0 && r.delivers {
		if r.loss, err = tx.ReportLoss(r.agent.ID); err != nil {
			return err
		}
	}
	if r.records, err = tx.Append(r.entries...); err != nil {
		return err
	}
	r.dropped = 0
	for _, d := range tx.Dropped() {
		r.dropped += int(d.Records)
	}
	for _, s := range r.samples {
		if err := tx.Put(sampleSpace, s.checkID, s.data); err != nil {
			return err
		}
	}
	if err := schedule.Finish(tx, r.done, now); err != nil {
		return err
	}
	if err := schedule.Release(tx, r.undone); err != nil {
		return err
	}
	r.isKept = true
	run := RunState{
		StartedMS:   r.rep.Started.UnixMilli(),
		TookMS:      now.Sub(r.rep.Started).Milliseconds(),
		Checks:      len(r.done),
		Unavailable: r.unavailable,
		PeakBytes:   peakBytes(),
		Dropping:    r.dropped > 0,
	}
	return tx.Put(agentSpace, runKey, run.append(nil))
}

// unkept holds results that the disk did not take. Where their append got as far as their ids, they go
// out under these: a commit that failed may have come to the disk all the same, and must not be a
// second result then.
func (q *queue) unkept(agent string, entries []spool.Entry, appended []spool.Record) {
	q.memory = true
	if len(appended) == len(entries) {
		q.fresh = appended
		return
	}
	var start [8]byte
	rand.Read(start[:])
	for i, e := range entries {
		q.fresh = append(q.fresh, spool.Record{
			Seq:   uint64(i) + 1,
			ID:    agent + "/" + hex.EncodeToString(start[:]) + "-m" + strconv.Itoa(i),
			Agent: e.Agent, Made: e.Made, Data: e.Data,
		})
	}
}
