package endpoint

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"virgo/transport/receipt"
)

// Held says which results of the ranges are in the store under agentID, and which were refused. What it
// names it names truly; of more fragments than one receipt can hold it names the first. The ranges are
// sorted and joined in place.
func (s *Store) Held(ctx context.Context, agentID string, ranges []receipt.Range) ([]receipt.Range, []receipt.Refused, error) {
	var key int64
	err := s.read.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&key)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil, nil
	case err != nil:
		return nil, nil, fmt.Errorf("looking up agent %q: %w", agentID, err)
	}
	h := held{ctx: ctx, agentID: agentID, key: key}
	if h.look, err = s.read.PrepareContext(ctx, heldIDs); err != nil {
		return nil, nil, fmt.Errorf("looking up results of agent %q: %w", agentID, err)
	}
	defer h.look.Close()
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

// held gathers what of some ranges is there.
type held struct {
	ctx     context.Context
	agentID string
	key     int64
	look    *sql.Stmt
	found   receipt.Ranges
}

// add looks for the results of a range. Ids with as many digits stand in the index in the order of their
// numbers, so each number of digits is looked for by itself.
func (h *held) add(r receipt.Range) error {
	for from := r.From; ; {
		to := min(r.To, lastOfLength(from))
		if err := h.span(r.Start, from, to); err != nil {
			return err
		}
		if to == r.To {
			return nil
		}
		from = to + 1
	}
}

func (h *held) span(start, from, to uint64) error {
	first, last := receipt.ID(h.agentID, start, from), receipt.ID(h.agentID, start, to)
	// SQLite counts the characters of a text, and hexadecimal digits are one byte each.
	rows, err := h.look.QueryContext(h.ctx, h.key, first, last, len([]rune(first)))
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

// lastOfLength is the largest number with as many hexadecimal digits as n.
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

// refused lists the remembered refusals of an agent that are wanted and not held.
func (s *Store) refused(ctx context.Context, agentID string, key int64, wanted, held receipt.Set) ([]receipt.Refused, error) {
	rows, err := s.read.QueryContext(ctx, "SELECT result_id, code, message FROM refusals WHERE agent = ? ORDER BY key DESC LIMIT ?", key, receipt.MaxRefused)
	if err != nil {
		return nil, fmt.Errorf("looking up refused results of agent %q: %w", agentID, err)
	}
	defer rows.Close()
	var list []receipt.Refused
	for rows.Next() {
		var r receipt.Refused
		if err := rows.Scan(&r.ID, &r.Code, &r.Message); err != nil {
			return nil, fmt.Errorf("looking up refused results of agent %q: %w", agentID, err)
		}
		if start, n, ok := receipt.ParseID(agentID, r.ID); ok && wanted.Has(start, n) && !held.Has(start, n) {
			list = append(list, r)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("looking up refused results of agent %q: %w", agentID, err)
	}
	return list, nil
}
