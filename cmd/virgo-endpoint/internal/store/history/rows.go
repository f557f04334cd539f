package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// errOvertaken is returned when another process made columns of the same results meanwhile.
var errOvertaken = errors.New("another process does the same")

// rows is a transaction that writes.
type rows struct {
	*sql.Tx
	ctx     context.Context
	codec   *codec
	state   state // as it was at the begin
	written int   // bytes
}

func (h *History) begin(ctx context.Context) (*rows, error) {
	tx, err := h.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("beginning a transaction: %w", err)
	}
	s, err := readState(ctx, tx)
	if err != nil {
		tx.Rollback()
		return nil, err
	}
	return &rows{Tx: tx, ctx: ctx, codec: h.codec, state: s}, nil
}

// setMark moves the mark from before to next. Error: errOvertaken.
func (r *rows) setMark(before, next state) error {
	s := &r.state
	if s.closed != before.closed || s.after != before.after || s.closing != before.closing && s.closing != 0 {
		return errOvertaken
	}
	_, err := r.ExecContext(r.ctx, "UPDATE settings SET closed = ?, closing = ?, after = ?", next.closed, next.closing, next.after)
	if err != nil {
		return fmt.Errorf("moving the mark: %w", err)
	}
	return nil
}

// get returns the content of a row of a table; nil if there is none. damaged is true if there is one that cannot be
// read: then it is as if there were none.
func (r *rows) get(table string, k int64) (content []byte, damaged bool, err error) {
	return get(r.ctx, r.Tx, r.codec, table, k)
}

func get(ctx context.Context, q querier, c *codec, table string, k int64) (content []byte, damaged bool, err error) {
	var row []byte
	err = q.QueryRowContext(ctx, "SELECT data FROM "+table+" WHERE "+keyColumn(table)+" = ?", k).Scan(&row)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("reading %s: %w", table, err)
	}
	content, err = c.open(k, row)
	return content, err != nil, nil
}

func keyColumn(table string) string {
	if table == "series" {
		return "agent"
	}
	return "key"
}

// put writes a row of a table, in place of the one that there is.
func (r *rows) put(table string, k int64, content []byte) error {
	row := r.codec.seal(k, content)
	r.written += len(row)
	_, err := r.ExecContext(r.ctx, "REPLACE INTO "+table+" ("+keyColumn(table)+", data) VALUES (?, ?)", k, row)
	if err != nil {
		return fmt.Errorf("writing %s: %w", table, err)
	}
	return nil
}

// dictionary returns the dictionary of an agent. One that is damaged is replaced by an empty one, whose numbers
// nothing has yet: the columns stay, without names.
func (r *rows) dictionary(agent int64) (*dictionary, error) {
	content, damaged, err := r.get("series", agent)
	if err != nil {
		return nil, err
	}
	if content != nil {
		if d, err := readDictionary(content); err == nil {
			return d, nil
		}
		damaged = true
	}
	d := newDictionary()
	if damaged {
		// Nobody makes so many series in a second as to reach the number that the next damage begins with.
		d.next = uint64(time.Now().Unix()) << 16
	}
	return d, nil
}

// rollup returns the roll-up of a row; an empty one if there is none or it is damaged.
func (r *rows) rollup(table string, k int64, buckets int) (list rollup, damaged bool, err error) {
	return getRollup(r.ctx, r.Tx, r.codec, table, k, buckets)
}

func getRollup(
	ctx context.Context, q querier, c *codec, table string, k int64, buckets int,
) (list rollup, damaged bool, err error) {
	content, damaged, err := get(ctx, q, c, table, k)
	if content == nil || err != nil {
		return nil, damaged, err
	}
	if list, err = readRollup(content, buckets); err != nil {
		return nil, true, nil
	}
	return list, false, nil
}

// chunks returns the chunks of an hour of an agent, the keys of those that can be read, and the number of the first
// chunk that is free.
func chunks(ctx context.Context, q querier, c *codec, hour, agent int64) (list [][]check, keys []int64, free int, damaged bool, err error) {
	k := key(hour, agent)
	found, err := q.QueryContext(ctx, "SELECT key, data FROM columns WHERE key BETWEEN ? AND ? ORDER BY key", k, k+maxChunks-1)
	if err != nil {
		return nil, nil, 0, false, fmt.Errorf("reading columns: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var k int64
		var row []byte
		if err := found.Scan(&k, &row); err != nil {
			return nil, nil, 0, false, fmt.Errorf("reading columns: %w", err)
		}
		_, _, n := ofKey(k)
		free = n + 1
		content, err := c.open(k, row)
		var checks []check
		if err == nil {
			checks, err = readChunk(content, hour*hourMS)
		}
		if err != nil {
			damaged = true
			continue
		}
		list, keys = append(list, checks), append(keys, k)
	}
	if err := found.Err(); err != nil {
		return nil, nil, 0, false, fmt.Errorf("reading columns: %w", err)
	}
	return list, keys, free, damaged, nil
}
