package store

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// maxSteps is how many results behind an unreadable one are tried one by one; behind them the steps
// double. A damaged page holds tens of results, a damaged branch page thousands.
const maxSteps = 4096

// A salvage reads the results of a damaged file by their numbers, which have no gaps: nothing deletes
// results. What cannot be read is skipped and counted.
type salvage struct {
	s      *Store
	ctx    context.Context
	byNum  *sql.Stmt
	agents map[int64]string
	next   int64 // the number of the next result
	unread int64
}

// salvage calls fn for the results that f selects and that can be read, but for those up to the last one
// that was already passed on. Without a limit they come in the order of arrival. It returns the number
// of results that cannot be read, -1 if it is unknown.
func (s *Store) salvage(
	ctx context.Context, f intake.Filter, passed func(intake.Result) bool, fn func(intake.Result) error,
) (unread int64, err error) {
	v := &salvage{s: s, ctx: ctx, agents: make(map[int64]string), next: 1}
	if v.byNum, err = s.read.PrepareContext(ctx, numberedResults); err != nil {
		return -1, err
	}
	defer v.byNum.Close()
	var newest []intake.Result
	last := v.lastNumber()
	for {
		err := v.readOn(func(r intake.Result) error {
			if !f.Selects(&r) {
				return nil
			}
			if f.Limit == 0 {
				if passed(r) {
					return nil
				}
				return fn(r)
			}
			if newest = append(newest, r); len(newest) >= 2*f.Limit {
				newest = newestOf(newest, f.Limit)
			}
			return nil
		})
		if err == nil {
			break
		}
		if !isCorrupt(err) {
			return v.unread, err
		}
		if !v.skip(last) {
			break
		}
	}
	for _, r := range newestOf(newest, f.Limit) {
		if passed(r) {
			continue
		}
		if err := fn(r); err != nil {
			return v.unread, err
		}
	}
	if last < 0 {
		return -1, ctx.Err()
	}
	return v.unread + max(0, last+1-v.next), ctx.Err()
}

// newestOf sorts results by time and returns the newest ones.
func newestOf(all []intake.Result, limit int) []intake.Result {
	slices.SortFunc(all, func(a, b intake.Result) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Seq, b.Seq))
	})
	return all[max(0, len(all)-limit):]
}

// numberedResults has the agent's key in place of its id.
const numberedResults = `SELECT seq, agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
	result_order, late, age_ms, clock_offset_ms, refused, params FROM results WHERE seq >= ? ORDER BY seq LIMIT ?`

// lastNumber returns the number of the last result; -1 if it cannot be read.
func (v *salvage) lastNumber() int64 {
	var last sql.NullInt64
	for _, query := range []string{"SELECT max(seq) FROM results", "SELECT sum(results) FROM agents"} {
		if err := v.s.read.QueryRowContext(v.ctx, query).Scan(&last); err == nil {
			return last.Int64
		}
	}
	return -1
}

// readOn reads from the next result on, up to the first one that cannot be read.
func (v *salvage) readOn(fn func(intake.Result) error) error {
	rows, err := v.byNum.QueryContext(v.ctx, v.next, -1)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r intake.Result
		var agent int64
		if err := scanResult(rows, &r, &agent); err != nil {
			return err
		}
		r.AgentID = v.agent(agent)
		v.unread += r.Seq - v.next
		v.next = r.Seq + 1
		if err := fn(r); err != nil {
			return err
		}
	}
	return rows.Err()
}

// agent returns the id of an agent; a made-up one if it cannot be read.
func (v *salvage) agent(key int64) string {
	id, ok := v.agents[key]
	if !ok {
		if err := v.s.read.QueryRowContext(v.ctx, "SELECT agent_id FROM agents WHERE key = ?", key).Scan(&id); err != nil {
			id = fmt.Sprintf("(agent %d)", key)
		}
		v.agents[key] = id
	}
	return id
}

// skip moves next behind results that cannot be read, and reports whether there may be one that can.
func (v *salvage) skip(last int64) bool {
	const end = 1 << 40 // where the last number is unknown
	if last < 0 {
		last = end
	}
	bad, step := v.next, int64(1)
	for tried := 0; bad < last && v.ctx.Err() == nil; tried++ {
		if tried > maxSteps {
			step *= 2
		}
		at := min(bad+step, last)
		if !v.reads(at) {
			bad = at
			continue
		}
		for at-bad > 1 { // the first one that can be read
			if middle := bad + (at-bad)/2; v.reads(middle) {
				at = middle
			} else {
				bad = middle
			}
		}
		v.unread += at - v.next
		v.next = at
		return true
	}
	return false
}

// reads reports whether the first result from this number on can be read.
func (v *salvage) reads(number int64) bool {
	rows, err := v.byNum.QueryContext(v.ctx, number, 1)
	if err != nil {
		return false
	}
	defer rows.Close()
	for rows.Next() {
		var r intake.Result
		var agent int64
		if scanResult(rows, &r, &agent) != nil {
			return false
		}
	}
	return rows.Err() == nil
}

// unreadError returns the error of Results for a damaged file.
func unreadError(unread int64, err error) error {
	return &intake.UnreadError{Results: unread, Err: fmt.Errorf("reading results: %w", named(err))}
}
