package endpoint

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// A sighting is what a hello said of an agent.
type sighting struct {
	name, processVersion, bundleVersion string
	remote                              string
	clockOffset                         *int64 // ms; nil where it told no time
}

// A refusal is a result that was not taken, to be remembered for receipts.
type refusal struct {
	resultID string
	code     int
	message  string
}

// An arrival is one thing to be committed: a result, a refusal, or that an agent was seen.
type arrival struct {
	agentID  string
	token    int64 // the key of the token that its session said hello with
	received time.Time
	hello    *sighting // nil: the agent was seen, nothing new about it
	result   *Result   // nil: nothing but the sighting
	refusal  *refusal  // nil: nothing was refused

	committed func() // called when the bytes are no longer needed, before done is closed; may be nil

	// Set before done is closed, read after.
	stored bool  // false for a copy of a result that is there already
	err    error // ErrBadToken, or why nothing of the batch was stored
	done   chan struct{}
}

// statements are what commit needs; they are prepared once, on the writing connection.
type statements struct {
	valid, seen, hello, result, refusal, forget, count, used *sql.Stmt
}

func (s *Store) prepare(ctx context.Context) (*statements, error) {
	st := &statements{}
	for _, p := range []struct {
		into **sql.Stmt
		text string
	}{
		{&st.valid, validToken},
		{&st.seen, `INSERT INTO agents (agent_id, first_seen_ms, last_seen_ms) VALUES (?1, ?2, ?2)
			ON CONFLICT (agent_id) DO UPDATE SET last_seen_ms = max(last_seen_ms, excluded.last_seen_ms) RETURNING key`},
		{&st.hello, "UPDATE agents SET name = ?2, process_version = ?3, bundle_version = ?4, remote = ?5, clock_offset_ms = ?6 WHERE key = ?1"},
		{&st.result, `INSERT INTO results
			(agent, result_id, check_id, check_type, state, status, timestamp_ms, received_ms,
			result_order, late, age_ms, clock_offset_ms, params)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (agent, result_id) DO NOTHING`},
		{&st.refusal, `INSERT OR REPLACE INTO refusals (agent, result_id, code, message, refused_ms) VALUES (?, ?, ?, ?, ?)`},
		{&st.forget, `DELETE FROM refusals WHERE agent = ?1 AND key <=
			(SELECT key FROM refusals WHERE agent = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)`},
		{&st.count, "UPDATE agents SET results = results + ?2 WHERE key = ?1"},
		{&st.used, "UPDATE tokens SET last_used_ms = max(coalesce(last_used_ms, 0), ?2) WHERE key = ?1"},
	} {
		var err error
		if *p.into, err = s.write.PrepareContext(ctx, p.text); err != nil {
			st.close()
			return nil, fmt.Errorf("preparing to store: %w", err)
		}
	}
	return st, nil
}

func (st *statements) close() {
	for _, p := range []*sql.Stmt{st.valid, st.seen, st.hello, st.result, st.refusal, st.forget, st.count, st.used} {
		if p != nil {
			p.Close()
		}
	}
}

// commit stores a batch in one synced transaction and sets each arrival's stored and err. An arrival
// whose token was revoked is left out of it with ErrBadToken; any other error is that of the whole
// batch, of which then nothing is stored.
func (s *Store) commit(ctx context.Context, st *statements, batch []*arrival) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("storing %d results: %w", len(batch), err)
	}
	defer tx.Rollback()
	c := commit{ctx: ctx, tx: tx, st: st, tokens: map[int64]bool{}, agents: map[string]*agentRow{}}
	for _, a := range batch {
		if err := c.add(a); err != nil {
			return fmt.Errorf("storing a result of agent %q: %w", a.agentID, err)
		}
	}
	if err := c.finish(); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("storing %d results: %w", len(batch), err)
	}
	return nil
}

// A commit is the state of one transaction.
type commit struct {
	ctx    context.Context
	tx     *sql.Tx
	st     *statements
	tokens map[int64]bool // key → may be used
	agents map[string]*agentRow
}

type agentRow struct {
	key, results int64
}

func (c *commit) add(a *arrival) error {
	a.stored, a.err = false, nil
	valid, asked := c.tokens[a.token]
	if !asked {
		if err := c.stmt(c.st.valid).QueryRowContext(c.ctx, a.token).Scan(&valid); err != nil {
			return err
		}
		c.tokens[a.token] = valid
	}
	if !valid {
		a.err = ErrBadToken
		return nil
	}
	row := c.agents[a.agentID]
	if row == nil {
		row = &agentRow{}
		if err := c.stmt(c.st.seen).QueryRowContext(c.ctx, a.agentID, millis(a.received)).Scan(&row.key); err != nil {
			return err
		}
		c.agents[a.agentID] = row
	}
	if h := a.hello; h != nil {
		if _, err := c.stmt(c.st.hello).ExecContext(c.ctx, row.key, h.name, h.processVersion, h.bundleVersion, h.remote, h.clockOffset); err != nil {
			return err
		}
		if _, err := c.stmt(c.st.used).ExecContext(c.ctx, a.token, millis(a.received)); err != nil {
			return err
		}
	}
	if f := a.refusal; f != nil {
		if err := c.refuse(row.key, f, a.received); err != nil {
			return err
		}
	}
	if a.result == nil {
		return nil
	}
	stored, err := c.keep(row.key, a.result, a.received)
	if err != nil {
		return err
	}
	a.stored = stored
	if stored {
		row.results++
	}
	return nil
}

// keep stores a result; false for a copy of one that is there.
func (c *commit) keep(agent int64, r *Result, received time.Time) (stored bool, err error) {
	resultID := sql.NullString{String: r.ResultID, Valid: r.ResultID != ""}
	done, err := c.stmt(c.st.result).ExecContext(c.ctx, agent, resultID, r.CheckID, r.CheckType, r.State, r.Status,
		r.Time.UnixMilli(), millis(received), r.Order, r.Late, r.AgeMS, r.ClockOffsetMS, []byte(r.Params))
	if err != nil {
		return false, err
	}
	n, err := done.RowsAffected()
	return n == 1, err
}

// refuse remembers a refusal, and forgets the oldest of too many.
func (c *commit) refuse(agent int64, f *refusal, now time.Time) error {
	if _, err := c.stmt(c.st.refusal).ExecContext(c.ctx, agent, f.resultID, f.code, f.message, millis(now)); err != nil {
		return err
	}
	_, err := c.stmt(c.st.forget).ExecContext(c.ctx, agent, MaxRefusals)
	return err
}

func (c *commit) finish() error {
	for agentID, row := range c.agents {
		if row.results == 0 {
			continue
		}
		if _, err := c.stmt(c.st.count).ExecContext(c.ctx, row.key, row.results); err != nil {
			return fmt.Errorf("counting the results of agent %q: %w", agentID, err)
		}
	}
	return nil
}

func (c *commit) stmt(s *sql.Stmt) *sql.Stmt { return c.tx.StmtContext(c.ctx, s) }
