package history

import (
	"context"
	"fmt"
)

// A Report is what Verify found.
type Report struct {
	// Rows is the number of rows, Damaged of those that cannot be read, First the first of them.
	Rows, Damaged int64
	First         string
	// Lost is the number of metrics that were left out for the bounds of series.
	Lost int64
}

// Verify reads every row. Errors: those of SQLite, and intake.ErrDamaged if it finds its file damaged.
func (h *History) Verify(ctx context.Context) (r Report, err error) {
	for _, table := range []string{"columns", "minutes", "hours", "days", "series"} {
		if err := h.verifyTable(ctx, table, &r); err != nil {
			return r, fmt.Errorf("verifying the history %q: %w", h.path, named(err))
		}
	}
	return r, nil
}

func (h *History) verifyTable(ctx context.Context, table string, r *Report) error {
	rows, err := h.read.QueryContext(ctx, "SELECT "+keyColumn(table)+", data FROM "+table+" ORDER BY 1")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var k int64
		var row []byte
		if err := rows.Scan(&k, &row); err != nil {
			return err
		}
		r.Rows++
		content, err := h.codec.open(k, row)
		if err == nil {
			err = verifyContent(table, k, content, r)
		}
		if err != nil {
			if r.Damaged++; r.First == "" {
				r.First = fmt.Sprintf("table %s, row %d: %v", table, k, err)
			}
		}
	}
	return rows.Err()
}

func verifyContent(table string, k int64, content []byte, r *Report) (err error) {
	unit, _, _ := ofKey(k)
	switch table {
	case "columns":
		_, err = readChunk(content, unit*hourMS)
	case "minutes":
		_, err = readRollup(content, minuteBuckets)
	case "hours":
		_, err = readRollup(content, hourBuckets)
	case "days":
		_, err = readRollup(content, dayBuckets)
	default:
		var d *dictionary
		if d, err = readDictionary(content); err == nil {
			r.Lost += int64(d.lost)
		}
	}
	return err
}
