package store

import (
	"database/sql"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
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

// The orders of rows.
const (
	rowsByTime  = " ORDER BY timestamp_ms, seq"
	newestFirst = " ORDER BY timestamp_ms DESC, seq DESC"
)

// resultsQuery selects the results that are in no segment yet. It walks results_by_time and looks up agents as it goes, so that the newest few of a large
// store are found at once: CROSS JOIN makes SQLite keep that order of the tables, the plus keeps it from
// using results_once (https://www.sqlite.org/optoverview.html).
func resultsQuery(f intake.Filter, above int64, order string) (string, []any) {
	where, args := []string{"seq > ?"}, []any{above}
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
	return q + " WHERE " + strings.Join(where, " AND ") + order, args
}
