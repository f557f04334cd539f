package store

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/schedule/shorttext"
	"virgo/transport/receipt"
)

// rangeBytes is the size of a range in the column bundles.ranges: three numbers, big-endian.
const rangeBytes = 3 * 8

// bundleQuery looks up how far a courier has brought a bundle.
const bundleQuery = `SELECT b.next_offset, b.verified, b.results, b.refused, b.ranges, b.complete FROM bundles AS b
	JOIN agents AS c ON c.key = b.courier JOIN agents AS a ON a.key = b.agent
	WHERE c.agent_id = ? AND a.agent_id = ? AND b.bundle = ? AND b.updated_ms > ?`

// Bundle returns how far a courier has brought a bundle; see [intake.Bundles].
func (s *Store) Bundle(
	ctx context.Context, id intake.BundleID, now time.Time,
) (st intake.BundleState, of intake.Standing, err error) {
	if st, err = bundleState(ctx, s.ask, &id, now); err == nil {
		of, err = standingOf(ctx, s.ask, id.AgentID, nil)
	}
	if err != nil {
		return st, of, fmt.Errorf("looking up a bundle of agent %q: %w", id.AgentID, err)
	}
	return st, of, nil
}

func bundleState(ctx context.Context, q rowsQuerier, id *intake.BundleID, now time.Time) (intake.BundleState, error) {
	var st intake.BundleState
	var ranges []byte
	err := q.QueryRowContext(ctx, bundleQuery, id.Courier, id.AgentID, id.Bundle, millis(now.Add(-intake.BundleTime))).
		Scan(&st.Offset, &st.Verified, &st.Results, &st.Refused, &ranges, &st.Complete)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return st, err
	}
	for ; len(ranges) >= rangeBytes; ranges = ranges[rangeBytes:] {
		st.Ranges = append(st.Ranges, receipt.Range{
			Start: binary.BigEndian.Uint64(ranges), From: binary.BigEndian.Uint64(ranges[8:]),
			To: binary.BigEndian.Uint64(ranges[16:]),
		})
	}
	return st, nil
}

// AddBundle stores a piece of a bundle; see [intake.Bundles].
func (s *Store) AddBundle(ctx context.Context, p *intake.BundlePiece) error {
	if err := s.damaged(); err != nil {
		return err
	}
	err := s.addBundle(ctx, p)
	if err != nil {
		err = fmt.Errorf("storing a bundle of agent %q: %w", p.AgentID, err)
	}
	return s.stopIfDamaged(err)
}

// addBundle stores the results first, then how far the bundle is: after a kill in between, the piece comes again, and
// nothing of it is stored twice.
func (s *Store) addBundle(ctx context.Context, p *intake.BundlePiece) error {
	permit := func(ctx context.Context) error { return checkPiece(ctx, s.ask, p) }
	if err := permit(ctx); err != nil { // before anything is written
		return err
	}
	if err := intake.CheckAgentID(p.Courier); err != nil {
		return err
	}
	b := &batchWork{s: s, permit: permit, items: []item{
		{trusted: true, arrival: &intake.Arrival{AgentID: p.Courier, Received: p.Received}},
		{trusted: true, arrival: &intake.Arrival{AgentID: p.AgentID, Received: p.Received, Results: p.Results, Refusals: p.Refusals}},
	}}
	if err := b.append(ctx); err != nil {
		return err
	}
	if err := s.at("bundle's results stored"); err != nil {
		return err
	}
	t, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer t.rollback()
	if err := checkPiece(ctx, t.tx, p); err != nil {
		return err
	}
	ms := millis(p.Received)
	courier, err := t.agent(p.Courier, ms)
	if err != nil {
		return err
	}
	agent, err := t.agent(p.AgentID, ms)
	if err != nil {
		return err
	}
	if err := t.nameBundle(agent, p.Name, p.Bundle); err != nil {
		return err
	}
	if err := t.putBundle(courier, agent, p); err != nil {
		return err
	}
	return t.commit()
}

// checkPiece decides whether a piece may be stored.
func checkPiece(ctx context.Context, q rowsQuerier, p *intake.BundlePiece) error {
	courier, err := standingOf(ctx, q, p.Courier, nil)
	if err != nil {
		return err
	}
	open, err := isOpen(ctx, q, &courier, p.Access, p.Received)
	if err != nil {
		return err
	}
	if !open {
		return p.Access.Withdrawn()
	}
	standing, err := standingOf(ctx, q, p.AgentID, nil)
	if err != nil {
		return err
	}
	if err := intake.DecideSeal(&standing, p.Key); err != nil {
		return err
	}
	st, err := bundleState(ctx, q, &p.BundleID, p.Received)
	if err == nil && st.Offset != p.Before {
		err = intake.ErrBundleMoved
	}
	return err
}

// putBundle stores how far a bundle is, and forgets those of the courier that are too old or too many.
func (t *transaction) putBundle(courier, agent *agentRow, p *intake.BundlePiece) error {
	ranges := make([]byte, 0, len(p.After.Ranges)*rangeBytes)
	for _, r := range p.After.Ranges {
		for _, n := range [...]uint64{r.Start, r.From, r.To} {
			ranges = binary.BigEndian.AppendUint64(ranges, n)
		}
	}
	_, err := t.tx.ExecContext(t.ctx, `INSERT OR REPLACE INTO bundles
		(courier, agent, bundle, next_offset, verified, results, refused, ranges, complete, updated_ms)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, courier.key, agent.key, p.Bundle, p.After.Offset, p.After.Verified,
		p.After.Results, p.After.Refused, ranges, p.After.Complete, millis(p.Received))
	if err != nil {
		return err
	}
	_, err = t.tx.ExecContext(t.ctx, "DELETE FROM bundles WHERE updated_ms <= ?",
		millis(p.Received.Add(-intake.BundleTime)))
	if err != nil {
		return err
	}
	// key grows with each piece, so it is the order of the last ones.
	_, err = t.tx.ExecContext(t.ctx, `DELETE FROM bundles WHERE courier = ?1 AND key <=
		(SELECT key FROM bundles WHERE courier = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)`,
		courier.key, intake.MaxBundlesPerCourier)
	return err
}

// nameBundle stores a bundle as the agent's remote address, unless the agent has sent a hello itself.
func (t *transaction) nameBundle(row *agentRow, name, bundle string) error {
	_, err := t.tx.ExecContext(t.ctx, `UPDATE agents
		SET name = CASE name WHEN '' THEN ?2 ELSE name END, remote = 'bundle ' || ?3
		WHERE key = ?1 AND (remote = '' OR remote LIKE 'bundle %')`,
		row.key, shorttext.Truncate(name, intake.MaxNameBytes), shorttext.Truncate(bundle, intake.MaxNameBytes))
	return err
}
