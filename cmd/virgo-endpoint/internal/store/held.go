package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// Held returns which results of the ranges are stored under agentID, and which were refused; see
// [intake.Intake].
func (s *Store) Held(
	ctx context.Context, agentID string, ranges []receipt.Range,
) ([]receipt.Range, []receipt.Refused, error) {
	var list []receipt.Range
	var refused []receipt.Refused
	err := s.snapshot(ctx, func(tx *sql.Tx, c *catalogue) error {
		var key int64
		err := tx.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&key)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		h := heldSearch{ctx: ctx, agentID: agentID, key: key}
		ranges = receipt.Merge(ranges)
		if err := s.heldInSegments(ctx, c, &h, ranges); err != nil {
			return err
		}
		if err := h.inTable(tx, c, ranges); err != nil {
			return err
		}
		list = receipt.Merge(h.found.List())
		refused, err = s.refused(ctx, agentID, key, receipt.NewSet(ranges), receipt.NewSet(list))
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("looking up results of agent %q: %w", agentID, named(err))
	}
	return list[:min(len(list), receipt.MaxRanges)], refused, nil
}

// heldInSegments looks the ranges up in all segments. Of a damaged one nothing is held that cannot be read: the
// agent keeps these results.
func (s *Store) heldInSegments(ctx context.Context, c *catalogue, h *heldSearch, ranges []receipt.Range) error {
	for i := range c.entries {
		e := &c.entries[i]
		if !e.state.readable() {
			continue
		}
		_, err := s.using(ctx, e, func(a *acquired) (bool, error) {
			return true, a.Held(ctx, h.key, h.agentID, ranges, &h.found)
		})
		if err != nil && !errors.Is(err, intake.ErrDamaged) {
			return err
		}
	}
	return nil
}

// inTable looks them up among the results that are in no segment yet.
func (h *heldSearch) inTable(tx *sql.Tx, c *catalogue, ranges []receipt.Range) (err error) {
	if !c.old {
		return nil
	}
	if h.query, err = tx.PrepareContext(h.ctx, heldIDs); err != nil {
		return err
	}
	defer h.query.Close()
	h.above = c.migrated
	for _, r := range ranges {
		if err := h.add(r); err != nil {
			return err
		}
	}
	return nil
}

const heldIDs = `SELECT result_id FROM results
	WHERE agent = ? AND result_id BETWEEN ? AND ? AND length(result_id) = ? AND seq > ? ORDER BY result_id`

// A heldSearch collects which results of some ranges are stored.
type heldSearch struct {
	ctx     context.Context
	agentID string
	key     int64
	query   *sql.Stmt
	above   int64 // rows up to it are in segments
	found   receipt.Ranges
}

// add searches for the results of a range. The index sorts ids as text, which is the order of their
// numbers only for ids with the same number of digits. So each number of digits is one search.
func (h *heldSearch) add(r receipt.Range) error {
	for from := r.From; ; {
		to := min(r.To, lastOfLength(from))
		if err := h.sameLength(r.Start, from, to); err != nil {
			return err
		}
		if to == r.To {
			return nil
		}
		from = to + 1
	}
}

func (h *heldSearch) sameLength(start, from, to uint64) error {
	first, last := receipt.ID(h.agentID, start, from), receipt.ID(h.agentID, start, to)
	// SQLite's length counts characters, not bytes.
	rows, err := h.query.QueryContext(h.ctx, h.key, first, last, len([]rune(first)), h.above)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return err
		}
		if start, n, ok := receipt.ParseID(h.agentID, id); ok {
			h.found.Add(start, n)
		}
	}
	return rows.Err()
}

// lastOfLength returns the largest number with as many hexadecimal digits as n.
func lastOfLength(n uint64) uint64 {
	last := uint64(0xf)
	for last < n {
		last = last<<4 | 0xf
		if last == math.MaxUint64 {
			break
		}
	}
	return last
}

// refused returns the remembered refusals of an agent that are in wanted and not in held.
func (s *Store) refused(
	ctx context.Context, agentID string, key int64, wanted, held receipt.Set,
) ([]receipt.Refused, error) {
	var list []receipt.Refused
	err := s.each(ctx, fmt.Sprintf("looking up refused results of agent %q", agentID),
		"SELECT result_id, code, message FROM refusals WHERE agent = ? ORDER BY key DESC LIMIT ?",
		[]any{key, receipt.MaxRefused},
		func(rows *sql.Rows) error {
			var r receipt.Refused
			if err := rows.Scan(&r.ID, &r.Code, &r.Message); err != nil {
				return err
			}
			if start, n, ok := receipt.ParseID(agentID, r.ID); ok && wanted.Has(start, n) && !held.Has(start, n) {
				list = append(list, r)
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	return list, nil
}
