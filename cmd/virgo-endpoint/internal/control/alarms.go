package control

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// alarms implements watch.Alarms.
type alarms struct{ d *DB }

const stateColumns = `rule, agent, check_id, dimension, state, before, since_ms, from_ms, to_ms, seq, value, threshold, text,
	agent_id, host, tags, flapping, silenced_by, machine, acked_by, acked_ms`

// Load implements watch.Alarms: both in one snapshot.
func (a alarms) Load(ctx context.Context) (cursor int64, states []watch.Saved, err error) {
	a.d.mu.RLock()
	cursor, states, err = loadStates(ctx, a.d.read)
	a.d.mu.RUnlock()
	return cursor, states, a.d.failed(ctx, "reading alarms", err)
}

func loadStates(ctx context.Context, db *sql.DB) (cursor int64, states []watch.Saved, err error) {
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return 0, nil, err
	}
	defer tx.Rollback()
	err = tx.QueryRowContext(ctx, "SELECT value FROM counters WHERE name = ?", alarmCursor).Scan(&cursor)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, nil, err
	}
	err = eachIn(ctx, tx, "SELECT "+stateColumns+" FROM alarm_states ORDER BY rule, agent, check_id, dimension", nil, func(rows *sql.Rows) error {
		var s watch.Saved
		if err := rows.Scan(&s.Rule, &s.Agent, &s.CheckID, &s.Dimension, &s.State, &s.Before, stamp{&s.Since}, stamp{&s.From}, stamp{&s.To},
			&s.Seq, &s.Value, &s.Threshold, &s.Text, &s.AgentID, &s.Host, words{&s.Tags}, &s.Flapping, &s.SilencedBy, blob{&s.Machine},
			&s.AckedBy, stamp{&s.AckedAt}); err != nil {
			return err
		}
		states = append(states, s)
		return nil
	})
	return cursor, states, err
}

// Save implements watch.Alarms.
func (a alarms) Save(ctx context.Context, step watch.AlarmsStep) ([]int64, error) {
	var ids []int64
	light := len(step.Changes) == 0 && len(step.Queued) == 0
	err := a.d.change(ctx, "saving alarms", light, func(tx *sql.Tx) (err error) {
		if err := setCounter(ctx, tx, alarmCursor, step.Cursor); err != nil {
			return err
		}
		if err := saveStates(ctx, tx, step.States); err != nil {
			return err
		}
		for _, k := range step.Gone {
			if err := deleteState(ctx, tx, k); err != nil {
				return err
			}
		}
		if ids, err = addChanges(ctx, tx, step.Changes); err != nil {
			return err
		}
		for silence, indices := range step.Held {
			for _, i := range indices {
				if i < 0 || i >= len(ids) {
					return fmt.Errorf("silence %d cannot hold back change %d of %d", silence, i, len(ids))
				}
				if _, err := tx.ExecContext(ctx, "INSERT INTO held (silence, change) VALUES (?, ?)", silence, ids[i]); err != nil {
					return err
				}
			}
		}
		return addRows(ctx, tx, step.Queued)
	})
	return ids, err
}

func setCounter(ctx context.Context, tx *sql.Tx, name string, value int64) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO counters (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", name, value)
	return err
}

func saveStates(ctx context.Context, tx *sql.Tx, states []watch.Saved) error {
	if len(states) == 0 {
		return nil
	}
	// Who acknowledged it is nobody's to change here, until it is OK.
	st, err := tx.PrepareContext(ctx, `INSERT INTO alarm_states (`+stateColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)
		ON CONFLICT DO UPDATE SET state = excluded.state, before = excluded.before, since_ms = excluded.since_ms, from_ms = excluded.from_ms,
			to_ms = excluded.to_ms, seq = excluded.seq, value = excluded.value, threshold = excluded.threshold, text = excluded.text,
			agent_id = excluded.agent_id, host = excluded.host, tags = excluded.tags, flapping = excluded.flapping,
			silenced_by = excluded.silenced_by, machine = excluded.machine,
			acked_by = iif(excluded.state = 0, '', acked_by), acked_ms = iif(excluded.state = 0, 0, acked_ms)`)
	if err != nil {
		return err
	}
	defer st.Close()
	for i := range states {
		s := &states[i]
		if s.State == alarm.OK && len(s.Machine) == 0 {
			if err := deleteState(ctx, tx, s.Key); err != nil {
				return err
			}
			continue
		}
		if _, err := st.ExecContext(ctx, s.Rule, s.Agent, s.CheckID, s.Dimension, s.State, s.Before, millis(s.Since), millis(s.From), millis(s.To),
			s.Seq, s.Value, s.Threshold, s.Text, s.AgentID, s.Host, list(s.Tags), s.Flapping, s.SilencedBy, notNil(s.Machine)); err != nil {
			return err
		}
	}
	return nil
}

func deleteState(ctx context.Context, tx *sql.Tx, k watch.Key) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM alarm_states WHERE rule = ? AND agent = ? AND check_id = ? AND dimension = ?",
		k.Rule, k.Agent, k.CheckID, k.Dimension)
	return err
}

// addChanges adds changes and closes those before them.
func addChanges(ctx context.Context, tx *sql.Tx, changes []watch.Change) ([]int64, error) {
	var ids []int64
	for i := range changes {
		c := &changes[i]
		if c.Kind != watch.Late {
			if _, err := tx.ExecContext(ctx, `UPDATE alarm_changes SET until_ms = ? WHERE agent = ? AND rule = ? AND check_id = ? AND dimension = ?
				AND until_ms = 0 AND kind <> ?`, millis(c.At), c.Agent, c.Rule, c.CheckID, c.Dimension, watch.Late); err != nil {
				return nil, err
			}
		}
		r, err := tx.ExecContext(ctx, `INSERT INTO alarm_changes (at_ms, until_ms, agent, rule, check_id, dimension, agent_id, host, was, state,
			value, threshold, text, seq, kind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, millis(c.At), millis(c.Until), c.Agent, c.Rule,
			c.CheckID, c.Dimension, c.AgentID, c.Host, c.Was, c.State, c.Value, c.Threshold, c.Text, c.Seq, c.Kind)
		if err != nil {
			return nil, err
		}
		id, err := r.LastInsertId()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

const changeColumns = `id, at_ms, until_ms, agent, rule, check_id, dimension, agent_id, host, was, state, value, threshold, text, seq, kind`

func scanChange(rows *sql.Rows) (c watch.Change, err error) {
	err = rows.Scan(&c.ID, stamp{&c.At}, stamp{&c.Until}, &c.Agent, &c.Rule, &c.CheckID, &c.Dimension, &c.AgentID, &c.Host, &c.Was, &c.State,
		&c.Value, &c.Threshold, &c.Text, &c.Seq, &c.Kind)
	return c, err
}

// Changes implements watch.Alarms.
func (a alarms) Changes(ctx context.Context, f watch.ChangeFilter, fn func(watch.Change) error) error {
	where, args := []string{"TRUE"}, []any{}
	add := func(condition string, values ...any) {
		where, args = append(where, condition), append(args, values...)
	}
	if f.Agent != 0 {
		add("agent = ?", f.Agent)
	}
	if f.Rule != "" {
		add("rule = ?", f.Rule)
	}
	if !f.From.IsZero() {
		add("(until_ms = 0 OR until_ms > ?)", millis(f.From))
	}
	if !f.To.IsZero() {
		add("at_ms < ?", millis(f.To))
	}
	if f.OnlyOpen {
		add("state IN (?, ?, ?)", alarm.Warning, alarm.Critical, alarm.Silent)
	}
	if f.Kinds != nil {
		for _, kind := range f.Kinds {
			args = append(args, kind)
		}
		where = append(where, "kind IN ("+strings.TrimSuffix(strings.Repeat("?,", len(f.Kinds)), ",")+")")
	}
	order := " ORDER BY at_ms, id"
	if f.Limit > 0 {
		order = fmt.Sprintf(" ORDER BY at_ms DESC, id DESC LIMIT %d", f.Limit)
	}
	return a.d.each(ctx, "reading changes of alarms", "SELECT "+changeColumns+" FROM alarm_changes WHERE "+strings.Join(where, " AND ")+order, args,
		func(rows *sql.Rows) error {
			c, err := scanChange(rows)
			if err != nil {
				return err
			}
			return fn(c)
		})
}

// Acknowledge implements watch.Alarms.
func (a alarms) Acknowledge(ctx context.Context, k watch.Key, by string, at time.Time) error {
	if by == "" {
		at = time.Time{}
	}
	return a.d.change(ctx, "acknowledging an alarm", false, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `UPDATE alarm_states SET acked_by = ?, acked_ms = ? WHERE rule = ? AND agent = ? AND check_id = ?
			AND dimension = ? AND state <> ?`, by, millis(at), k.Rule, k.Agent, k.CheckID, k.Dimension, alarm.OK)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, watch.ErrNoSuchState)
		}
		return countUp(ctx, tx, silenceVersion)
	})
}

func countUp(ctx context.Context, tx *sql.Tx, name string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO counters (name, value) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1", name)
	return err
}

// Forget implements watch.Alarms.
func (a alarms) Forget(ctx context.Context, agent intake.AgentNumber) error {
	return a.d.change(ctx, "forgetting the alarms of an agent", false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM alarm_states WHERE agent = ?", agent); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE alarm_changes SET until_ms = ? WHERE agent = ? AND until_ms = 0 AND kind <> ?",
			millis(a.d.opt.Now()), agent, watch.Late)
		return err
	})
}

// DeleteChanges implements watch.Alarms.
func (a alarms) DeleteChanges(ctx context.Context, before time.Time, limit int) (n int, err error) {
	return a.d.deleteSome(ctx, "deleting old changes of alarms", `DELETE FROM alarm_changes WHERE id IN (SELECT id FROM alarm_changes
		WHERE until_ms > 0 AND until_ms < ?1 OR until_ms = 0 AND at_ms < ?1 AND state IN (0, 4) LIMIT ?2)`, millis(before), limit)
}

// deleteSome deletes rows and returns how many.
func (d *DB) deleteSome(ctx context.Context, doing, query string, args ...any) (n int, err error) {
	err = d.change(ctx, doing, true, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		rows, err := r.RowsAffected()
		n = int(rows)
		return err
	})
	return n, err
}
