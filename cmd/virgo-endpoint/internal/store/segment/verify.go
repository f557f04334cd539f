package segment

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// Verify reads the whole file: SQLite's structure, the indexes, all checksums, all results. Its error wraps
// intake.ErrDamaged, and names the first fault.
func (s *Segment) Verify(ctx context.Context) error {
	err := s.read(ctx, func(c *conn) error {
		// integrity_check compares the index with its table; quick_check does not.
		_, err := c.one(ctx, "PRAGMA integrity_check(1)", nil, func(v []driver.Value) error {
			if text, _ := v[0].(string); text != "ok" {
				return s.damaged(fmt.Errorf("%.200q", text))
			}
			return nil
		})
		if err != nil {
			return err
		}
		var missing int64
		_, err = c.one(ctx, `SELECT (SELECT count(*) FROM (SELECT agent, seq FROM blobs EXCEPT SELECT agent, blob FROM ids)) +
			(SELECT count(*) FROM (SELECT agent, blob FROM ids EXCEPT SELECT agent, seq FROM blobs))`, nil,
			func(v []driver.Value) error { return integers(v, &missing) })
		if err == nil && missing != 0 {
			err = s.damaged(errors.New("the ids of its results are incomplete"))
		}
		return err
	})
	if err != nil {
		return err
	}
	var results []intake.Result
	err = s.Blobs(ctx, math.MinInt64, math.MaxInt64, func(b *Blob) (err error) {
		results, err = b.Results(results[:0])
		return err
	})
	if err != nil {
		return err
	}
	return s.Contacts(ctx, math.MinInt64, func(int64, *Contact) error { return nil })
}
