package control

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/klauspost/compress/zstd"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/cmd/virgo-endpoint/internal/watch"
)

// hostInfo implements watch.HostInfo.
type hostInfo struct{ d *DB }

// Ask implements watch.HostInfo.
func (h hostInfo) Ask(ctx context.Context, q watch.Question) error {
	return h.d.change(ctx, "saving a question", false, func(tx *sql.Tx) error {
		var waiting, same int
		if err := tx.QueryRowContext(ctx, "SELECT count(*), count(*) FILTER (WHERE type = ?) FROM questions WHERE agent = ?", q.Type, q.Agent).
			Scan(&waiting, &same); err != nil {
			return err
		}
		switch {
		case same > 0:
			return nil
		case waiting >= watch.MaxQuestions:
			return watch.ErrTooManyQuestions
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO questions (agent, type, agent_id, asked_ms, by) VALUES (?, ?, ?, ?, ?)",
			q.Agent, q.Type, q.AgentID, millis(q.Asked), q.By); err != nil {
			return err
		}
		return countUp(ctx, tx, questionVersion)
	})
}

// Waiting implements watch.HostInfo.
func (h hostInfo) Waiting(ctx context.Context) (list []watch.Question, err error) {
	err = h.d.each(ctx, "reading questions", "SELECT agent, type, agent_id, asked_ms, by FROM questions ORDER BY agent, type", nil, func(rows *sql.Rows) error {
		var q watch.Question
		if err := rows.Scan(&q.Agent, &q.Type, &q.AgentID, stamp{&q.Asked}, &q.By); err != nil {
			return err
		}
		list = append(list, q)
		return nil
	})
	return list, err
}

// Version implements watch.HostInfo.
func (h hostInfo) Version(ctx context.Context) (version int64, err error) {
	_, err = h.d.one(ctx, "reading questions", "SELECT value FROM counters WHERE name = ?", []any{questionVersion}, &version)
	return version, err
}

// Settle implements watch.HostInfo.
func (h hostInfo) Settle(ctx context.Context, i watch.Info) error {
	if len(i.Metrics) > watch.MaxInfoBytes || len(i.Error) > watch.MaxInfoError {
		return fmt.Errorf("an answer of %d bytes with an error of %d", len(i.Metrics), len(i.Error))
	}
	metrics, err := compress(i.Metrics)
	if err != nil {
		return fmt.Errorf("compressing an answer: %w", err)
	}
	return h.d.change(ctx, "saving an answer", false, func(tx *sql.Tx) error {
		r, err := tx.ExecContext(ctx, `INSERT OR REPLACE INTO host_info (agent, type, agent_id, asked_ms, by, answered_ms, outcome, error, bytes, metrics)
			SELECT agent, type, agent_id, asked_ms, by, ?, ?, ?, ?, ? FROM questions WHERE agent = ? AND type = ?`,
			millis(i.Answered), i.Outcome, i.Error, len(i.Metrics), metrics, i.Agent, i.Type)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			if err == nil {
				err = watch.ErrNoQuestion
			}
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM questions WHERE agent = ? AND type = ?", i.Agent, i.Type); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM host_info WHERE id IN (SELECT id FROM host_info WHERE agent = ? ORDER BY answered_ms DESC, id DESC
			LIMIT -1 OFFSET ?)`, i.Agent, watch.MaxInfos); err != nil {
			return err
		}
		return countUp(ctx, tx, questionVersion)
	})
}

// Infos implements watch.HostInfo.
func (h hostInfo) Infos(ctx context.Context, agent intake.AgentNumber) (list []watch.Info, err error) {
	err = h.d.each(ctx, "reading host information", `SELECT agent, type, agent_id, asked_ms, by, answered_ms, outcome, error, bytes FROM host_info
		WHERE agent = ? ORDER BY type`, []any{agent}, func(rows *sql.Rows) error {
		var i watch.Info
		if err := rows.Scan(&i.Agent, &i.Type, &i.AgentID, stamp{&i.Asked}, &i.By, stamp{&i.Answered}, &i.Outcome, &i.Error, &i.Bytes); err != nil {
			return err
		}
		list = append(list, i)
		return nil
	})
	return list, err
}

// Info implements watch.HostInfo.
func (h hostInfo) Info(ctx context.Context, agent intake.AgentNumber, name string) (watch.Info, error) {
	i := watch.Info{Question: watch.Question{Agent: agent, Type: name}}
	var metrics []byte
	found, err := h.d.one(ctx, "reading host information", `SELECT agent_id, asked_ms, by, answered_ms, outcome, error, bytes, metrics FROM host_info
		WHERE agent = ? AND type = ?`, []any{agent, name}, &i.AgentID, stamp{&i.Asked}, &i.By, stamp{&i.Answered}, &i.Outcome, &i.Error, &i.Bytes, blob{&metrics})
	switch {
	case err != nil:
		return watch.Info{}, err
	case !found:
		return watch.Info{}, watch.ErrNoInfo
	}
	if i.Metrics, err = expand(metrics); err != nil {
		return watch.Info{}, fmt.Errorf("reading host information: %w", err)
	}
	return i, nil
}

// Forget implements watch.HostInfo.
func (h hostInfo) Forget(ctx context.Context, agent intake.AgentNumber) error {
	return h.delete(ctx, "agent = ?", agent, "agent = ?", agent)
}

// DeleteOld implements watch.HostInfo. There are at most watch.MaxInfos of a host, so it is one transaction.
func (h hostInfo) DeleteOld(ctx context.Context, asked, answered time.Time) error {
	return h.delete(ctx, "asked_ms < ?", millis(asked), "answered_ms < ?", millis(answered))
}

func (h hostInfo) delete(ctx context.Context, questions string, question any, infos string, info any) error {
	return h.d.change(ctx, "deleting host information", false, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, "DELETE FROM host_info WHERE "+infos, info); err != nil {
			return err
		}
		r, err := tx.ExecContext(ctx, "DELETE FROM questions WHERE "+questions, question)
		if err != nil {
			return err
		}
		if n, err := r.RowsAffected(); err != nil || n == 0 {
			return err
		}
		return countUp(ctx, tx, questionVersion)
	})
}

// compress returns an answer as it is stored. There are few, so nothing is kept for the next one.
func compress(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return []byte{}, nil
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(watch.MaxInfoBytes))
	if err != nil {
		return nil, err
	}
	return encoder.EncodeAll(data, nil), encoder.Close()
}

// expand reads what compress returns; damage cannot make it larger than an answer may be.
func expand(data []byte) ([]byte, error) {
	if len(data) == 0 {
		return nil, nil
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(watch.MaxInfoBytes))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	return decoder.DecodeAll(data, nil)
}
