package endpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"virgo/transport"
	"virgo/transport/receipt"
)

const (
	// importBatch bounds the results of one commit of an import: a server on the same store waits for it.
	importBatch = 1000
	// importWait bounds how long an import waits for the store's write lock.
	importWait = time.Minute
)

// An Imported says what became of an import.
type Imported struct {
	// New results were stored now, Known ones were there already, Refused ones are no results by the
	// protocol's rules.
	New, Known, Refused int
	// FirstKey is true where no key of the agent was kept before.
	FirstKey bool
	// Held are the new and the known ones, as a receipt names them.
	Held receipt.Ranges
	// Refusals say why, of as many as a receipt can name.
	Refusals []receipt.Refused
}

// Import stores what next gives until that returns io.EOF: each result once, however often it comes and
// whichever way, by the rules of check_metrics.post. What next gives is not kept after the next call of it.
//
// It commits as it goes, so that a server on the same store works on beside it. Where it is interrupted,
// or next fails, a part is stored; doing it again stores the rest. next is called only when the key was
// found good: the first key of an agent is kept, and another one is a [KeyError].
//
// What came by hand is late unless it was made within its check's period before now.
func (s *Store) Import(ctx context.Context, from Carrier, now time.Time, next func() ([]Carried, error)) (Imported, error) {
	if err := from.check(); err != nil {
		return Imported{}, err
	}
	st, err := s.prepare(ctx)
	if err != nil {
		return Imported{}, err
	}
	defer st.close()
	in := importing{store: s, st: st, from: from, now: now}
	if err := in.all(ctx, next); err != nil {
		return in.report, fmt.Errorf("importing results of agent %q: %w", from.Agent, err)
	}
	return in.report, nil
}

// An importing is an import under way.
type importing struct {
	store  *Store
	st     *statements
	from   Carrier
	now    time.Time
	report Imported
}

// An arrived is one result of a batch, and what became of it.
type arrived struct {
	id      string
	result  Result
	refused error // why it is no result; nil where it is one
	stored  bool  // false where it was there
}

func (in *importing) all(ctx context.Context, next func() ([]Carried, error)) error {
	if err := in.commit(ctx, nil); err != nil { // the key alone
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
			// Who waits for SQLite's lock looks now and then: without a pause a server would hardly find it free.
			select {
			case <-time.After(time.Since(began) / 2):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// commit stores some results in one transaction; it waits for a server that is storing too.
func (in *importing) commit(ctx context.Context, list []Carried) error {
	batch := make([]arrived, len(list))
	for i := range list {
		batch[i].id = list[i].ResultID
		batch[i].result, batch[i].refused = list[i].result(in.now)
	}
	for end := time.Now().Add(importWait); ; {
		err := in.try(ctx, batch)
		if err == nil {
			break
		}
		if !isBusy(err) || time.Now().After(end) {
			return err
		}
	}
	for _, a := range batch {
		in.note(a)
	}
	return nil
}

// note counts what was committed.
func (in *importing) note(a arrived) {
	start, n, named := receipt.ParseID(in.from.Agent, a.id)
	switch {
	case a.refused != nil:
		in.report.Refused++
		if named && len(in.report.Refusals) < receipt.MaxRefused {
			in.report.Refusals = append(in.report.Refusals, receipt.Refused{ID: a.id, Code: transport.CodeBadRequest, Message: a.refused.Error()})
		}
		return
	case a.stored:
		in.report.New++
	default:
		in.report.Known++
	}
	if named {
		in.report.Held.Add(start, n)
	}
}

func (in *importing) try(ctx context.Context, batch []arrived) error {
	tx, err := in.store.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	c := commit{ctx: ctx, tx: tx, st: in.st, agents: map[string]*agentRow{}}
	row := &agentRow{}
	c.agents[in.from.Agent] = row
	if err := c.stmt(in.st.seen).QueryRowContext(ctx, in.from.Agent, millis(in.now)).Scan(&row.key); err != nil {
		return err
	}
	if len(batch) == 0 {
		if in.report.FirstKey, err = in.from.know(ctx, tx, row.key, in.now); err != nil {
			return err
		}
	}
	for i := range batch {
		a := &batch[i]
		if a.refused != nil {
			err = c.refuse(row.key, &refusal{a.id, transport.CodeBadRequest, a.refused.Error()}, in.now)
		} else {
			a.stored, err = c.keep(row.key, &a.result, in.now)
		}
		if err != nil {
			return err
		}
		if a.stored {
			row.results++
		}
	}
	if err := c.finish(); err != nil {
		return err
	}
	return tx.Commit()
}
