package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"virgo/transport/receipt"
)

// Held returns which results of the ranges are stored under agentID, and which were refused; see
// [intake.Intake].
func (s *Store) Held(
	ctx context.Context, agentID string, ranges []receipt.Range,
) ([]receipt.Range, []receipt.Refused, error) {
	var key int64
	err := s.read.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("looking up agent %q: %w", agentID, err)
	}
	h := heldSearch{ctx: ctx, agentID: agentID, key: key}
	if h.query, err = s.read.PrepareContext(ctx, heldIDs); err != nil {
		return nil, nil, fmt.Errorf("looking up results of agent %q: %w", agentID, err)
	}
	defer h.query.Close()
	ranges = receipt.Merge(ranges)
	for _, r := range ranges {
		if err := h.add(r); err != nil {
			return nil, nil, fmt.Errorf("looking up results %s of agent %q: %w", r, agentID, err)
		}
	}
	list := h.found.List()
	refused, err := s.refused(ctx, agentID, key, receipt.NewSet(ranges), receipt.NewSet(list))
	if err != nil {
		return nil, nil, err
	}
	return list[:min(len(list), receipt.MaxRanges)], refused, nil
}

const heldIDs = `SELECT result_id FROM results
	WHERE agent = ? AND result_id BETWEEN ? AND ? AND length(result_id) = ? ORDER BY result_id`

// A heldSearch collects which results of some ranges are stored.
type heldSearch struct {
	ctx     context.Context
	agentID string
	key     int64
	query   *sql.Stmt
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
	rows, err := h.query.QueryContext(h.ctx, h.key, first, last, len([]rune(first)))
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
