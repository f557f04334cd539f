package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

const (
	// importBatch bounds the number of results of one transaction, for which a server on the same
	// file has to wait.
	importBatch = 1000
	// importWait bounds how long an import waits for the write lock.
	importWait = time.Minute
)

// An ImportReport is the result of an import.
type ImportReport struct {
	// New is the number of results that were stored, Known that of results that were stored before,
	// Refused that of results that check_metrics.post would refuse.
	New, Known, Refused int
	// FirstKey is true if no key of the agent was stored before, nor registered.
	FirstKey bool
	// Held are the new and the known results, for a receipt.
	Held receipt.Ranges
	// Refusals are the refused results with the reasons, at most as many as a receipt can name.
	Refusals []receipt.Refused
}

// Import first compares the bundle's key with the stored one. Then it calls next until that returns
// io.EOF, and stores the returned results by the rules of check_metrics.post. A result that was stored
// before, from a bundle or a connection, is not stored again. Records are not used after the following
// call of next.
//
// Import commits at least every 1000 results. If it is interrupted or next fails, a part is stored and
// reported; importing again stores the rest. Errors: ErrBadBundle, *KeyError, that of next, ctx's and
// those of SQLite.
func (s *Store) Import(ctx context.Context, b Bundle, now time.Time,
	next func() ([]Record, error)) (ImportReport, error) {
	if err := b.check(); err != nil {
		return ImportReport{}, err
	}
	if err := s.damaged(); err != nil {
		return ImportReport{}, err
	}
	in := importer{store: s, bundle: b, now: now}
	if err := in.all(ctx, next); err != nil {
		return in.report, fmt.Errorf("importing results of agent %q: %w", b.Agent, s.stopIfDamaged(err))
	}
	return in.report, nil
}

// An importer is one import in progress.
type importer struct {
	store  *Store
	bundle Bundle
	now    time.Time
	report ImportReport
}

func (in *importer) all(ctx context.Context, next func() ([]Record, error)) error {
	if err := in.commitKey(ctx); err != nil {
		return err
	}
	for {
		list, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for len(list) > 0 {
			began := time.Now()
			n := min(len(list), importBatch)
			if err := in.commit(ctx, list[:n]); err != nil {
				return err
			}
			list = list[n:]
			// Processes that wait for SQLite's lock poll it: without a pause, a server would hardly
			// ever find it free.
			select {
			case <-time.After(time.Since(began) / 2):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// transact runs do in a transaction. It tries again, up to importWait, while another process holds the
// write lock.
func (in *importer) transact(ctx context.Context, do func(*transaction, *agentRow) error) error {
	for end := time.Now().Add(importWait); ; {
		err := in.try(ctx, do)
		if err == nil || !isBusy(err) || time.Now().After(end) {
			return err
		}
	}
}

func (in *importer) try(ctx context.Context, do func(*transaction, *agentRow) error) error {
	t, err := in.store.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback()
	row, err := t.agent(in.bundle.Agent, millis(in.now))
	if err != nil {
		return err
	}
	if err := do(t, row); err != nil {
		return err
	}
	return t.commit()
}

func (in *importer) commitKey(ctx context.Context) error {
	return in.transact(ctx, func(t *transaction, row *agentRow) (err error) {
		in.report.FirstKey, err = t.addBundle(row, &in.bundle, in.now)
		return err
	})
}

// A verdict is the outcome of one record: a result, stored now or before, or a refusal.
type verdict struct {
	result  intake.Result
	refused *receipt.Refused // nil: it is a result
	stored  bool             // false: it was there
}

// commit stores some records in one transaction and reports them.
func (in *importer) commit(ctx context.Context, list []Record) error {
	verdicts := make([]verdict, len(list))
	for i := range list {
		r, err := list[i].Result(in.now)
		verdicts[i].result = r
		if err != nil {
			verdicts[i].refused = &receipt.Refused{ID: list[i].ResultID, Code: intake.RefusedCode,
				Message: err.Error()}
		}
	}
	if err := in.put(ctx, verdicts); err != nil {
		return err
	}
	for i := range verdicts {
		in.count(&verdicts[i], list[i].ResultID)
	}
	return nil
}

// put stores results and refusals.
func (in *importer) put(ctx context.Context, verdicts []verdict) error {
	a := &intake.Arrival{AgentID: in.bundle.Agent, Received: in.now}
	var at []int // of each result in verdicts
	for i := range verdicts {
		if v := &verdicts[i]; v.refused != nil {
			a.Refusals = append(a.Refusals, *v.refused)
		} else {
			a.Results, at = append(a.Results, v.result), append(at, i)
		}
	}
	fresh := make([]bool, len(at))
	for end := time.Now().Add(importWait); ; {
		b := &batchWork{s: in.store, items: []item{{arrival: a, trusted: true, fresh: fresh}}}
		err := b.append(ctx)
		if err == nil {
			break
		}
		if !isBusy(err) || time.Now().After(end) {
			return err
		}
	}
	for i, n := range at {
		verdicts[n].stored = fresh[i]
	}
	return nil
}

// count reports what was committed.
func (in *importer) count(v *verdict, id string) {
	start, n, named := receipt.ParseID(in.bundle.Agent, id)
	switch {
	case v.refused != nil:
		in.report.Refused++
		if named && len(in.report.Refusals) < receipt.MaxRefused {
			in.report.Refusals = append(in.report.Refusals, *v.refused)
		}
		return
	case v.stored:
		in.report.New++
	default:
		in.report.Known++
	}
	if named {
		in.report.Held.Add(start, n)
	}
}
