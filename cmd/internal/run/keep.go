package run

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/lines"
	"virgo/cmd/internal/link"
	"virgo/schedule"
	"virgo/spool"
)

// A run with slow checks persists the results that have arrived firstPersist after the claim. Each
// further wait is twice as long, up to maxPersist: what has arrived then is all that a run loses that
// has no processor and is ended.
const (
	firstPersist = time.Second
	maxPersist   = 4 * time.Second
)

// kept is the result of state Keep: each result of the run is in records or in memory.
type kept struct {
	records []spool.Record // in the spool; without their data if that is much
	memory  []spool.Record // not in the spool, or not known to be
	err     error          // why not; nil where all are
	backlog bool           // something waited in the spool before
	loss    spool.Loss     // to be reported, where its ID is not empty
	dropped dropped        // older results that the run's transactions deleted
	many    bool           // many checks ran
	last    LastRun        // as stored; zero where it is not
	verdict installed.Verdict
}

// keep is state Keep: it waits for the checks and persists their results. Results that have arrived
// are persisted while other checks still run. Otherwise a check that hangs would keep the others
// claimed past their next time, and their results would be lost if this process ended.
func (a *Agent) keep(ctx context.Context, c checking) kept {
	p := c.persisted
	c.checks.persisted(p.committed, p.lastErr)
	update := func(ctx context.Context) persisted {
		var done outcome
		err := a.Spool.Update(ctx, func(tx *spool.Tx) (err error) {
			done, err = a.persist(tx, checking{c.plan, c.claims, c.checks, p})
			return err
		})
		p := p.after(done, err)
		c.checks.persisted(p.committed, err)
		return p
	}
	for wait := firstPersist; !a.endWithin(c.checks, wait); wait = min(2*wait, maxPersist) {
		if p.lastErr == nil && c.checks.count() > p.appended {
			p = update(ctx)
		}
	}
	ctx, cancel := link.FinalContext(ctx)
	defer cancel()
	if !p.complete && (p.appended < c.checks.count() || len(p.memory) == 0) {
		// Also if the claims could not be written: the disk may have space again.
		p = update(ctx)
	}
	k := kept{
		records: p.records, memory: append(p.memory, inMemory(a.ID, c.checks.since(p.appended))...),
		backlog: p.backlog, loss: p.loss, dropped: p.dropped, last: p.last,
		verdict: p.verdict,
		many:    len(c.claims.due) > manyChecks,
	}
	if p.lastErr != nil || len(k.memory) > 0 {
		k.err = p.err
	}
	return k
}

// persisted records which results of a run are persisted, after each of its transactions.
type persisted struct {
	records []spool.Record // committed
	held    int            // bytes of the data of records, also after it was given up
	memory  []spool.Record // appended by a transaction that failed
	// appended is the number of ended checks whose results were passed to Append, whether or not
	// the transaction succeeded. committed is the number of ended checks whose sample and last run,
	// or release, are on the disk.
	appended, committed int
	complete            bool // all checks, and the last run
	last                LastRun
	backlog             bool
	loss                spool.Loss
	dropped             dropped
	verdict             installed.Verdict
	// lastErr is the error of the last transaction, err that of the last one that failed.
	lastErr, err error
}

// An outcome contains the changes of a transaction, which count once it is committed.
type outcome struct {
	appended []spool.Record
	ended    int // of the checks, counted from the first
	complete bool
	last     LastRun
	backlog  bool
	loss     spool.Loss
	dropped  dropped
	verdict  installed.Verdict
}

// dropped counts older results that a transaction deleted: to keep the spool within its bounds, or
// because they could not be read.
type dropped struct{ bounds, damaged int }

func (d *dropped) add(drops []spool.Drop) {
	for _, one := range drops {
		if one.Cause == spool.CauseDamaged {
			d.damaged += int(one.Records)
		} else {
			d.bounds += int(one.Records)
		}
	}
}

// after returns p updated by a transaction with this outcome and error. A commit that failed may
// have reached the disk all the same, so its results are not appended again; they are delivered
// from memory under the ids that the append assigned, and without their order: if the commit did not
// reach the disk, the next run assigns it again.
func (p persisted) after(o outcome, err error) persisted {
	p.appended = max(p.appended, o.ended)
	if p.lastErr = err; err != nil {
		p.err = err
		for _, r := range o.appended {
			r.Order = 0
			p.memory = append(p.memory, r)
		}
		return p
	}
	p.hold(o.appended)
	p.committed = max(p.committed, o.ended)
	p.complete, p.last = o.complete, o.last
	if o.verdict.SHA256 != "" {
		p.verdict = o.verdict
	}
	p.backlog = p.backlog || o.backlog
	p.loss = o.loss
	p.dropped.bounds += o.dropped.bounds
	p.dropped.damaged += o.dropped.damaged
	return p
}

// hold adds records that are committed, with their data while that is little: larger results are read
// from the spool when they are delivered.
func (p *persisted) hold(records []spool.Record) {
	for _, r := range records {
		p.held += len(r.Data)
	}
	p.records = append(p.records, records...)
	if p.held > maxHeldBytes {
		for i := range p.records {
			p.records[i].Data = nil
		}
	}
}

// persist appends the results that arrived since the last transaction, with their samples and last
// runs. With an error, the outcome contains the results that were appended before it.
func (a *Agent) persist(tx *spool.Tx, c checking) (o outcome, err error) {
	now, p := a.Now(), c.persisted
	o.complete = c.checks.isOver()
	all := c.checks.since(0)
	stats, err := tx.Stats()
	if err != nil {
		return outcome{}, err
	}
	o.backlog = stats.Records > uint64(len(p.records))
	if len(stats.Dropped) > 0 && c.plan.deliver {
		if o.loss, err = tx.ReportLoss(a.ID); err != nil {
			return outcome{}, err
		}
	}
	if o.appended, err = tx.Append(entries(all[p.appended:])...); err != nil {
		return outcome{}, err
	}
	o.ended = len(all)
	o.dropped.add(tx.Dropped())
	if err := putEnded(tx, all[p.committed:], now); err != nil {
		return o, err
	}
	if c.plan.judges {
		if err := a.judge(tx, all[p.committed:]); err != nil {
			return o, err
		}
	}
	if o.verdict, err = a.noteScripts(tx, c.claims, all, p.committed, now); err != nil {
		return o, err
	}
	if !o.complete {
		return o, nil
	}
	willSettle := c.plan.deliver && c.claims.state.FailingSinceMS == 0
	o.last = newLastRun(c.plan.started, now, all, willSettle)
	o.last.Dropping = p.dropped.bounds+o.dropped.bounds > 0
	o.last.Mistakes = joinMistakes(a.Mistakes)
	return o, tx.Put(link.StateSpace, lastRunKey, lines.Append(nil, &o.last))
}

// judge judges the alarms of checks that ran.
func (a *Agent) judge(tx schedule.Store, list []ended) error {
	for _, e := range list {
		if e.released || e.judged == nil {
			continue
		}
		if err := a.Judge.Judge(tx, &e.claim.Check, *e.judged); err != nil {
			return fmt.Errorf("alarms of check %q: %w", e.claim.Check.ID, err)
		}
	}
	return nil
}

// entries returns the results of the checks that ran.
func entries(list []ended) []spool.Entry {
	all := make([]spool.Entry, 0, len(list))
	for _, e := range list {
		if !e.released {
			all = append(all, e.entry)
		}
	}
	return all
}

// putEnded stores the latest results and the samples of checks that ran, turns their claims into last
// runs, and releases the others.
func putEnded(tx *spool.Tx, list []ended, now time.Time) error {
	done, released := make([]schedule.Claimed, 0, len(list)), []schedule.Claimed(nil)
	for _, e := range list {
		if e.released {
			released = append(released, *e.claim)
			continue
		}
		done = append(done, *e.claim)
		if err := tx.Put(schedule.LatestSpace, e.claim.Check.ID, e.latest); err != nil {
			return err
		}
		if e.sample == nil {
			continue
		}
		if err := tx.Put(sampleSpace, e.claim.Check.ID, e.sample); err != nil {
			return err
		}
	}
	if err := schedule.Finish(tx, done, now); err != nil {
		return err
	}
	return schedule.Release(tx, released)
}

// inMemory makes records of results that were never appended. Their ids and keys are ones that the
// spool never assigns.
func inMemory(agent string, list []ended) []spool.Record {
	results := entries(list)
	if len(results) == 0 {
		return nil
	}
	var start [8]byte
	rand.Read(start[:])
	records := make([]spool.Record, len(results))
	for i, e := range results {
		records[i] = spool.Record{
			Seq:   1<<63 + uint64(i),
			ID:    agent + "/" + hex.EncodeToString(start[:]) + "-m" + strconv.Itoa(i),
			Agent: e.Agent, Made: e.Made, Data: e.Data,
		}
	}
	return records
}
