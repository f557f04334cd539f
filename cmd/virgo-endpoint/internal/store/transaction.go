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
	standing, seen, hello, session, result, refusal, forget, count, used *sql.Stmt
	refusedCheck, allowedCheck                                           *sql.Stmt
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
		{&st.seen, `INSERT INTO agents (agent_id, first_seen_ms, last_seen_ms) VALUES (?1, ?2, ?2)
			ON CONFLICT (agent_id) DO UPDATE SET last_seen_ms = max(last_seen_ms, excluded.last_seen_ms), removed_ms = NULL
			RETURNING key, EXISTS (SELECT 1 FROM refused_checks WHERE agent = agents.key)`},
		{&st.hello, `UPDATE agents SET name = ?2, process_version = ?3, bundle_version = ?4, remote = ?5, clock_offset_ms = ?6
			WHERE key = ?1`},
		{&st.session, "UPDATE agent_keys SET session = ?2, session_from = ?3 WHERE key = ?1 AND session < ?2"},
		{&st.result, `INSERT INTO results
			(agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
			result_order, late, age_ms, clock_offset_ms, refused, params)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent, result_id) DO NOTHING`},
		{&st.refusal, `INSERT OR REPLACE INTO refusals (agent, result_id, code, message, refused_ms) VALUES (?, ?, ?, ?, ?)`},
		{&st.forget, `DELETE FROM refusals WHERE agent = ?1 AND key <=
			(SELECT key FROM refusals WHERE agent = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)`},
		{&st.count, "UPDATE agents SET results = results + ?2 WHERE key = ?1"},
		{&st.refusedCheck, refusedCheckQuery},
		{&st.allowedCheck, allowedCheckQuery},
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
	for _, p := range []*sql.Stmt{
		st.standing, st.seen, st.hello, st.session, st.result, st.refusal, st.forget, st.count, st.used,
		st.refusedCheck, st.allowedCheck,
	} {
		if p != nil {
			p.Close()
		}
	}
}

// A transaction stores agents, results and refusals. Nothing of it is stored before commit returns nil.
type transaction struct {
	ctx    context.Context
	tx     *sql.Tx
	st     *statements
	open   map[grant]bool // whether each that was looked up is valid
	agents map[string]*agentRow
}

// A grant is an access for one agent.
type grant struct {
	agentID string
	access  intake.Access
}

// An agentRow is an agent that a transaction writes to.
type agentRow struct {
	key     int64
	results int64 // stored by this transaction
	// refuses is true if checks of the agent may be in refused_checks.
	refuses bool
}

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

// commit updates the agents' numbers of results, and returns when everything is synced.
func (t *transaction) commit() error {
	for agentID, row := range t.agents {
		if row.results == 0 {
			continue
		}
		if _, err := t.stmt(t.st.count).ExecContext(t.ctx, row.key, row.results); err != nil {
			return fmt.Errorf("counting the results of agent %q: %w", agentID, err)
		}
	}
	return t.tx.Commit()
}

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

// agent finds or makes an agent's row and notes that it was seen at ms.
func (t *transaction) agent(agentID string, ms any) (*agentRow, error) {
	if row := t.agents[agentID]; row != nil {
		return row, nil
	}
	row := &agentRow{}
	if err := t.stmt(t.st.seen).QueryRowContext(t.ctx, agentID, ms).Scan(&row.key, &row.refuses); err != nil {
		return nil, err
	}
	t.agents[agentID] = row
	return row, nil
}

func (t *transaction) addHello(row *agentRow, a *intake.Arrival) error {
	h := a.Hello
	_, err := t.stmt(t.st.hello).ExecContext(t.ctx, row.key, h.Name, h.ProcessVersion, h.BundleVersion,
		h.Remote, h.ClockOffsetMS)
	if err != nil {
		return err
	}
	if a.Access.Registration != 0 {
		return t.addSession(a)
	}
	_, err = t.stmt(t.st.used).ExecContext(t.ctx, a.Access.Token, millis(a.Received))
	return err
}

// addResult stores a result. stored is false for a copy of a stored one.
func (t *transaction) addResult(row *agentRow, r *intake.Result, ms any) (stored bool, err error) {
	resultID := sql.NullString{String: r.ResultID, Valid: r.ResultID != ""}
	done, err := t.stmt(t.st.result).ExecContext(t.ctx, row.key, resultID, r.CheckID, r.CheckType,
		r.State, r.Status, r.Time.UnixMilli(), ms, r.Order, r.Late, r.AgeMS, r.ClockOffsetMS, r.Refused, []byte(r.Params))
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	row.results += n
	return true, t.noteRefused(row, r, ms)
}

// addRefused remembers a refused result, and deletes the oldest refusals beyond intake.MaxRefusals.
func (t *transaction) addRefused(row *agentRow, f *receipt.Refused, ms any) error {
	if _, err := t.stmt(t.st.refusal).ExecContext(t.ctx, row.key, f.ID, f.Code, f.Message, ms); err != nil {
		return err
	}
	_, err := t.stmt(t.st.forget).ExecContext(t.ctx, row.key, intake.MaxRefusals)
	return err
}
