package endpoint

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Result is one result as the store keeps it.
type Result struct {
	// Seq numbers results in the order that they came, from 1.
	Seq int64
	// AgentID is the agent_id of its session's hello.
	AgentID string
	// ResultID is unique within the agent; empty where the agent sent none.
	ResultID string
	// CheckID, CheckType, State ("available" or "unavailable") and Status as sent.
	CheckID, CheckType, State, Status string
	// Time is when the check finished, by the agent's clock; where it sent none, Received.
	Time time.Time
	// Received is when it came, by the endpoint's clock.
	Received time.Time
	// Order grows with every result of the agent, whatever its clock does; nil where it sent none. At
	// most math.MaxInt64.
	Order *uint64
	// Late is true where it was no news when it was sent: what raises alarms leaves it out.
	Late bool
	// AgeMS is how old it was when it was sent, in ms by the agent's clock; nil where it sent none.
	AgeMS *int64
	// ClockOffsetMS is the endpoint's clock less the agent's in ms, when the session that brought it said
	// hello; nil where that told no time.
	ClockOffsetMS *int64
	// Params is the whole params object as it came.
	Params json.RawMessage
}

// A ResultFilter says which results are wanted; the zero value wants all.
type ResultFilter struct {
	// AgentID and CheckID; empty means any.
	AgentID, CheckID string
	// Since bounds Result.Time from below; zero means no bound.
	Since time.Time
	// Late wants the late ones only (true) or the others only (false); nil wants both.
	Late *bool
	// Limit keeps the newest so many; 0 means all.
	Limit int
}

// Results calls fn for each wanted result, oldest first by Result.Time. An error of fn ends it and is
// returned.
func (s *Store) Results(ctx context.Context, f ResultFilter, fn func(Result) error) error {
	query, args := f.query()
	rows, err := s.read.QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("reading results: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var r Result
		var id sql.NullString
		var at, received int64
		err := rows.Scan(&r.Seq, &r.AgentID, &id, &r.CheckID, &r.CheckType, &r.State, &r.Status, &at, &received,
			&r.Order, &r.Late, &r.AgeMS, &r.ClockOffsetMS, (*[]byte)(&r.Params))
		if err != nil {
			return fmt.Errorf("reading results: %w", err)
		}
		r.ResultID = id.String
		r.Time, r.Received = time.UnixMilli(at), time.UnixMilli(received)
		if err := fn(r); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("reading results: %w", err)
	}
	return nil
}

// query walks results_by_time and looks agents up as it goes, so that the newest few of a large store are
// found at once: CROSS JOIN keeps that order of the tables, the plus keeps results_once out of it
// (https://www.sqlite.org/optoverview.html).
func (f ResultFilter) query() (string, []any) {
	var where []string
	var args []any
	if f.AgentID != "" {
		where, args = append(where, "+results.agent = (SELECT key FROM agents WHERE agent_id = ?)"), append(args, f.AgentID)
	}
	if f.CheckID != "" {
		where, args = append(where, "check_id = ?"), append(args, f.CheckID)
	}
	if !f.Since.IsZero() {
		where, args = append(where, "timestamp_ms >= ?"), append(args, f.Since.UnixMilli())
	}
	if f.Late != nil {
		where, args = append(where, "late = ?"), append(args, *f.Late)
	}
	q := `SELECT seq, agent_id, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
		result_order, late, age_ms, results.clock_offset_ms, params
		FROM results CROSS JOIN agents ON results.agent = agents.key`
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	if f.Limit > 0 {
		q = "SELECT * FROM (" + q + " ORDER BY timestamp_ms DESC, seq DESC LIMIT ?)"
		args = append(args, f.Limit)
	}
	return q + " ORDER BY timestamp_ms, seq", args
}
