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

// kept is what became of what a round's checks brought.
type kept struct {
	// records are on the disk; memory are those that it did not take, or of which nobody knows.
	records, memory []spool.Record
	// unsaved says why the disk did not take the last transaction, failed why it did not take one before;
	// nil where it did.
	unsaved, failed error
	// whole says that all is in the spool or in memory, and the round's end on the disk.
	whole   bool
	backlog bool // something waited before
	loss    spool.Loss
	dropped int // older results, by the bounds

	// How far the transactions came: entries that were appended (and perhaps committed), and what was
	// committed of the rest.
	entered, sampled, finished, released int
	// try is the transaction under way.
	try attempt
}

// An attempt is what a transaction would make of kept.
type attempt struct {
	appended                             []spool.Record
	entered, sampled, finished, released int
	dropped                              int
	whole                                bool
}

// firstLook is when a run with slow checks first keeps what the others brought; each further time it waits
// twice as long.
const firstLook = time.Second

// keep waits for the checks, sees that what they brought is on the disk, and gives the queue for the
// delivery. Where the disk does not take it, the queue holds it in memory. What is there is kept while others
// are still at it: because of a check that hangs, no other must stay claimed past its next time, or its
// result be lost with this process.
func (r *round) keep(ctx context.Context) *queue {
	for wait := firstLook; !r.endsWithin(wait); wait *= 2 {
		if r.unsaved == nil && r.hasMore() {
			r.stored(r.agent.Spool.Update(ctx, r.keepIn))
		}
	}
	ctx, cancel := afterwards(ctx)
	defer cancel()
	a, q := r.agent, &queue{agent: r.agent}
	if !r.whole && (r.entered < len(r.entries) || len(r.memory) == 0) {
		// Also where the claims could not be written: the disk may have room again.
		r.stored(a.Spool.Update(ctx, r.keepIn))
	}
	r.memory = append(r.memory, unkept(a.ID, r.entries[r.entered:])...)
	r.rep.Kept, r.rep.Dropped, r.rep.Dropping = len(r.records), r.dropped, r.state.Run.Dropping
	if r.unsaved != nil || len(r.memory) > 0 {
		r.rep.KeepErr = r.failed
		// What is on the disk is as safe as what is delivered, and goes out with a later run.
		q.memory, q.fresh, q.settledFresh = true, r.memory, len(r.records)
		return q
	}
	q.fresh, q.backlog, q.loss = r.records, r.backlog, r.loss
	return q
}

// hasMore says whether checks ended since the last transaction.
func (r *round) hasMore() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.entries) > r.entered
}

// stored notes how the transaction ended that keepIn was, or was to be, a part of. An append whose commit failed may
// have come to the disk all the same: it is not made again, and goes out from memory under its ids.
func (r *round) stored(err error) {
	try := r.try
	r.try = attempt{}
	r.entered = max(r.entered, try.entered)
	if r.unsaved = err; err != nil {
		r.failed = err
		r.memory = append(r.memory, try.appended...)
		return
	}
	r.records = append(r.records, try.appended...)
	r.dropped += try.dropped
	r.sampled, r.finished, r.released = max(r.sampled, try.sampled), max(r.finished, try.finished), max(r.released, try.released)
	r.whole = try.whole
}

// keepIn appends the results that are there, with their samples and last runs, in one transaction.
func (r *round) keepIn(tx *spool.Tx) error {
	now := r.agent.Now()
	over := r.isOver()
	r.mu.Lock()
	entries, samples, done, undone := r.entries[r.entered:], r.samples[r.sampled:], r.done[r.finished:], r.undone[r.released:]
	run := RunState{Checks: len(r.done), Unavailable: r.unavailable}
	r.mu.Unlock()

	stats, err := tx.Stats()
	if err != nil {
		return err
	}
	r.backlog = r.backlog || stats.Records > uint64(len(r.records))
	r.loss = spool.Loss{}
	if len(stats.Dropped) > 0 && r.delivers {
		if r.loss, err = tx.ReportLoss(r.agent.ID); err != nil {
			return err
		}
	}
	appended, err := tx.Append(entries...)
	if err != nil {
		return err
	}
	r.try = attempt{
		appended: appended, whole: over,
		entered: r.entered + len(entries), sampled: r.sampled + len(samples), finished: r.finished + len(done), released: r.released + len(undone),
	}
	for _, d := range tx.Dropped() {
		r.try.dropped += int(d.Records)
	}
	for _, s := range samples {
		if err := tx.Put(sampleSpace, s.checkID, s.data); err != nil {
			return err
		}
	}
	if err := schedule.Finish(tx, done, now); err != nil {
		return err
	}
	if err := schedule.Release(tx, undone); err != nil {
		return err
	}
	if !over {
		return nil
	}
	run.StartedMS = r.rep.Started.UnixMilli()
	run.TookMS = now.Sub(r.rep.Started).Milliseconds()
	run.PeakBytes = peakBytes()
	run.Dropping = r.dropped+r.try.dropped > 0
	return tx.Put(agentSpace, runKey, run.append(nil))
}

// unkept makes records of results that never came to an append, with ids and keys that no append gives.
func unkept(agent string, entries []spool.Entry) []spool.Record {
	if len(entries) == 0 {
		return nil
	}
	var start [8]byte
	rand.Read(start[:])
	records := make([]spool.Record, len(entries))
	for i, e := range entries {
		records[i] = spool.Record{
			Seq:   1<<63 + uint64(i),
			ID:    agent + "/" + hex.EncodeToString(start[:]) + "-m" + strconv.Itoa(i),
			Agent: e.Agent, Made: e.Made, Data: e.Data,
		}
	}
	return records
}
