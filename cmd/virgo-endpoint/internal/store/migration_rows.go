package store

import (
	"cmp"
	"slices"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/store/retention"
	"virgo/cmd/virgo-endpoint/internal/store/segment"
)

// rowsQuery has the agent's number in place of its id.
const rowsQuery = `SELECT seq, agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
	result_order, late, age_ms, clock_offset_ms, refused, params FROM results WHERE seq > ? ORDER BY seq LIMIT ?`

// A row is a row of the table results.
type row struct {
	agent  int64
	result intake.Result
}

// read reads the next rows of the same day. closed is set where the day ends.
func (v *mover) read(after int64) ([]row, error) {
	rows, err := v.s.read.QueryContext(v.ctx, rowsQuery, after, moveRows)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []row
	size := 0
	for rows.Next() && size < moveBytes {
		var r row
		if err := scanResult(rows, &r.result, &r.agent); err != nil {
			return nil, err
		}
		received := r.result.Received.UnixMilli()
		if v.first {
			v.day, v.least, v.most, v.first = retention.DayOf(r.result.Received), received, received, false
		}
		if retention.DayOf(r.result.Received) != v.day {
			v.closed = true
			break
		}
		v.least, v.most = min(v.least, received), max(v.most, received)
		size += len(r.result.Params)
		list = append(list, r)
	}
	return list, rows.Err()
}

// write stores rows in one transaction of the segment. Results of one agent that arrived at the same time are stored
// together, in their order; the numbers are those of the rows, in the order in which they are stored now.
func (v *mover) write(rows []row) error {
	t, err := v.seg.Begin(v.ctx)
	if err != nil {
		return err
	}
	defer t.Rollback()
	numbers := make([]int64, len(rows))
	for i := range rows {
		numbers[i] = rows[i].result.Seq
	}
	last := numbers[len(numbers)-1]
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.agent, b.agent) })
	for i := range rows {
		rows[i].result.Seq = numbers[i]
	}
	for from := 0; from < len(rows); {
		to := from + 1
		for to < len(rows) && rows[to].agent == rows[from].agent {
			to++
		}
		if err := v.writeAgent(t, rows[from:to]); err != nil {
			return err
		}
		from = to
	}
	if err := t.Commit(); err != nil {
		return err
	}
	v.last, v.rows = last, v.rows+int64(len(rows))
	return v.s.at("written")
}

// arrivalSpan is the time within which results of an agent count as having arrived together, at the last of their
// times: what a run sent came in one second.
const arrivalSpan = time.Second

// writeAgent stores results of one agent, and what they say about it.
func (v *mover) writeAgent(t *segment.Tx, rows []row) error {
	agent := rows[0].agent
	c, _, err := t.Contact(v.ctx, agent)
	if err != nil {
		return err
	}
	var ids segment.IDs
	for len(rows) > 0 {
		first, received := rows[0].result.Received, rows[0].result.Received
		var together []intake.Result
		for len(rows) > 0 {
			r := &rows[0].result
			if r.Received.Before(first) || r.Received.Sub(first) >= arrivalSpan {
				break
			}
			received = r.Received
			c.Note(r)
			if r.ResultID != "" {
				if order, ok := ids.Of(r.ResultID).Order(); ok && (!c.HasHighest || order > c.Highest) {
					c.Highest, c.HasHighest = order, true
				}
			}
			together, rows = append(together, *r), rows[1:]
		}
		c.Seen = max(c.Seen, received.UnixMilli())
		if err := t.Add(agent, received, together); err != nil {
			return err
		}
	}
	return t.PutContact(agent, &c)
}
