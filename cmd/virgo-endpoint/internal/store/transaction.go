package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/receipt"
)

// statements are what a transaction needs. They are prepared once, on the writing connection, and
// closed with it.
type statements struct {
	standing, agent, refusal, forget, used *sql.Stmt
}

func (s *Store) statements(ctx context.Context) (*statements, error) {
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if s.prepared != nil {
		return s.prepared, nil
	}
	st := &statements{}
	for _, p := range []struct {
		into **sql.Stmt
		text string
	}{
		{&st.standing, standingQuery},
		{&st.agent, `INSERT INTO agents (agent_id, first_seen_ms, last_seen_ms) VALUES (?1, ?2, 0)
			ON CONFLICT (agent_id) DO UPDATE SET removed_ms = NULL RETURNING key`},
		{&st.refusal, `INSERT OR REPLACE INTO refusals (agent, result_id, code, message, refused_ms) VALUES (?, ?, ?, ?, ?)`},
		{&st.forget, `DELETE FROM refusals WHERE agent = ?1 AND key <=
			(SELECT key FROM refusals WHERE agent = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)`},
		{&st.used, "UPDATE tokens SET last_used_ms = max(coalesce(last_used_ms, 0), ?2) WHERE key = ?1"},
	} {
		var err error
		if *p.into, err = s.write.PrepareContext(ctx, p.text); err != nil {
			st.close()
			return nil, fmt.Errorf("preparing to store: %w", err)
		}
	}
	s.prepared = st
	return st, nil
}

func (st *statements) close() {
	for _, p := range []*sql.Stmt{st.standing, st.agent, st.refusal, st.forget, st.used} {
		if p != nil {
			p.Close()
		}
	}
}

// A transaction stores agents and refusals. Nothing of it is stored before commit returns nil.
type transaction struct {
	ctx    context.Context
	tx     *sql.Tx
	st     *statements
	open   map[grant]bool // whether each that was looked up is valid
	agents map[string]*agentRow
}

// An agentRow is an agent that a transaction writes to.
type agentRow struct{ key int64 }

// begin starts a transaction, which acquires the write lock. The caller defers rollback.
func (s *Store) begin(ctx context.Context) (*transaction, error) {
	st, err := s.statements(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	return &transaction{ctx: ctx, tx: tx, st: st, open: map[grant]bool{},
		agents: map[string]*agentRow{}}, nil
}

// rollback does nothing after commit.
func (t *transaction) rollback() { t.tx.Rollback() }

// commit returns when everything is synced.
func (t *transaction) commit() error { return t.tx.Commit() }

func (t *transaction) stmt(s *sql.Stmt) *sql.Stmt { return t.tx.StmtContext(t.ctx, s) }

// isOpen reports whether an access for an agent is valid at now. It is looked up once in a transaction.
func (t *transaction) isOpen(agentID string, access intake.Access, now time.Time) (bool, error) {
	g := grant{agentID, access}
	open, known := t.open[g]
	if known {
		return open, nil
	}
	standing, err := scanStanding(agentID, t.stmt(t.st.standing).QueryRowContext(t.ctx, agentID).Scan)
	if err != nil {
		return false, err
	}
	if open, err = isOpen(t.ctx, t.tx, &standing, access, now); err != nil {
		return false, err
	}
	t.open[g] = open
	return open, nil
}

// agent finds or makes an agent's row. That is no contact: those are in segments.
func (t *transaction) agent(agentID string, ms any) (*agentRow, error) {
	if row := t.agents[agentID]; row != nil {
		return row, nil
	}
	row := &agentRow{}
	if err := t.stmt(t.st.agent).QueryRowContext(t.ctx, agentID, ms).Scan(&row.key); err != nil {
		return nil, err
	}
	t.agents[agentID] = row
	return row, nil
}

// addRefused remembers a refused result, and deletes the oldest refusals beyond intake.MaxRefusals.
func (t *transaction) addRefused(row *agentRow, f *receipt.Refused, ms any) error {
	if _, err := t.stmt(t.st.refusal).ExecContext(t.ctx, row.key, f.ID, f.Code, f.Message, ms); err != nil {
		return err
	}
	_, err := t.stmt(t.st.forget).ExecContext(t.ctx, row.key, intake.MaxRefusals)
	return err
}
