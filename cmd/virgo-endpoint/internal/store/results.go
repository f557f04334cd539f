package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Results calls fn for each result that f selects; see [intake.History]. In a damaged file it goes on
// with what can be read, and returns an *[intake.UnreadError].
func (s *Store) Results(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	if f.Metric != "" && f.Limit > 0 {
		return s.newestWith(ctx, f, fn)
	}
	query, args := resultsQuery(f)
	var stop error // of fn, and returned as it is
	var last intake.Result
	err := s.each(ctx, "reading results", query, args, func(rows *sql.Rows) error {
		var r intake.Result
		if err := scanResult(rows, &r, &r.AgentID); err != nil {
			return err
		}
		last = r
		if f.Metric != "" && !f.Selects(&r) {
			return nil
		}
		stop = fn(r)
		return stop
	})
	switch {
	case stop != nil:
		return stop
	case !isCorrupt(err):
		return err
	}
	passed := func(r intake.Result) bool {
		if last.Seq == 0 {
			return false
		}
		order := cmp.Or(r.Time.Compare(last.Time), cmp.Compare(r.Seq, last.Seq))
		return order <= 0
	}
	unread, salvageErr := s.salvage(ctx, f, passed, fn)
	if salvageErr != nil {
		return salvageErr
	}
	return unreadError(unread, err)
}

// newestWith is Results for a filter with a metric, which no column has, and a limit: it reads from the
// newest result on until it has enough.
func (s *Store) newestWith(ctx context.Context, f intake.Filter, fn func(intake.Result) error) error {
	all := f
	all.Limit = 0
	query, args := resultsQuery(all)
	query = strings.TrimSuffix(query, byTime) + newestFirst
	var found []intake.Result
	err := s.each(ctx, "reading results", query, args, func(rows *sql.Rows) error {
		var r intake.Result
		if err := scanResult(rows, &r, &r.AgentID); err != nil {
			return err
		}
		if f.Selects(&r) {
			r.Params = slices.Clone(r.Params)
			found = append(found, r)
		}
		if len(found) == f.Limit {
			return errEnough
		}
		return nil
	})
	switch {
	case isCorrupt(err):
		unread, salvageErr := s.salvage(ctx, f, func(intake.Result) bool { return false }, fn)
		if salvageErr != nil {
			return salvageErr
		}
		return unreadError(unread, err)
	case err != nil && !errors.Is(err, errEnough):
		return err
	}
	for _, r := range slices.Backward(found) {
		if err := fn(r); err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a query that has what it is for.
var errEnough = errors.New("enough")

// The orders of results.
const (
	byTime      = " ORDER BY timestamp_ms, seq"
	newestFirst = " ORDER BY timestamp_ms DESC, seq DESC"
)

// scanResult reads a row. Its second column, an agent's id or key, goes to agent.
func scanResult(rows *sql.Rows, r *intake.Result, agent any) error {
	var id sql.NullString
	var at, received int64
	err := rows.Scan(&r.Seq, agent, &id, &r.CheckID, &r.CheckType, &r.State, &r.Status, &at, &received,
		&r.Order, &r.Late, &r.AgeMS, &r.ClockOffsetMS, &r.Refused, (*[]byte)(&r.Params))
	r.ResultID = id.String
	r.Time, r.Received = time.UnixMilli(at), time.UnixMilli(received)
	return err
}

// resultsQuery walks results_by_time and looks up agents as it goes, so that the newest few of a large
// store are found at once: CROSS JOIN makes SQLite keep that order of the tables, the plus keeps it from
// using results_once (https://www.sqlite.org/optoverview.html).
func resultsQuery(f intake.Filter) (string, []any) {
	var where []string
	var args []any
	and := func(condition string, arg any) { where, args = append(where, condition), append(args, arg) }
	if f.AgentID != "" {
		and("+results.agent = (SELECT key FROM agents WHERE agent_id = ?)", f.AgentID)
	}
	if f.CheckID != "" {
		and("check_id = ?", f.CheckID)
	}
	if !f.Since.IsZero() {
		and("timestamp_ms >= ?", f.Since.UnixMilli())
	}
	if !f.Until.IsZero() {
		and("timestamp_ms < ?", f.Until.UnixMilli())
	}
	if f.State != "" {
		and("state = ?", f.State)
	}
	if f.Late != nil {
		and("late = ?", *f.Late)
	}
	if f.Refused != nil {
		and("refused = ?", *f.Refused)
	}
	q := `SELECT seq, agent_id, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
		result_order, late, age_ms, results.clock_offset_ms, refused, params
		FROM results CROSS JOIN agents ON results.agent = agents.key`
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	if f.Limit > 0 {
		q = "SELECT * FROM (" + q + newestFirst + " LIMIT ?)"
		args = append(args, f.Limit)
	}
	return q + byTime, args
}
