package segment

import (
	"context"
	"database/sql/driver"
	"math"

	"virgo/transport/receipt"
)

// Has reports which of an agent's results are here; it calls fn with the place in ids of each that is.
func (s *Segment) Has(ctx context.Context, agent int64, ids []ID, fn func(i int)) error {
	return s.read(ctx, func(c *conn) error {
		for i := range ids {
			found, err := has(ctx, c, agent, ids[i])
			if err != nil {
				return err
			}
			if found {
				fn(i)
			}
		}
		return nil
	})
}

// Held adds to found which results of the ranges are here, under an agent that has this id.
func (s *Segment) Held(ctx context.Context, agent int64, agentID string, ranges []receipt.Range, found *receipt.Ranges) error {
	var ids IDs
	hash := ids.of(agentID)
	return s.read(ctx, func(c *conn) error {
		for _, r := range ranges {
			if r.From > math.MaxInt64 {
				continue
			}
			from, to := int64(r.From), int64(min(r.To, math.MaxInt64))
			// The run that begins before the range may reach into it.
			err := c.each(ctx, `SELECT first, last FROM ids WHERE agent = ?1 AND start = ?2 AND first <= ?4 AND first >=
				coalesce((SELECT max(first) FROM ids WHERE agent = ?1 AND start = ?2 AND first >= 0 AND first <= ?3), ?3)
				ORDER BY first`, []driver.Value{agent, int64(r.Start ^ hash), from, to}, func(v []driver.Value) error {
				var first, last int64
				if err := integers(v, &first, &last); err != nil {
					return s.damaged(err)
				}
				if last >= from {
					found.AddRange(receipt.Range{Start: r.Start, From: uint64(max(first, from)), To: uint64(min(last, to))})
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
