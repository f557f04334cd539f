package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// change runs do in one synced transaction, which takes the write lock at once. After an error of do
// nothing is changed. Nothing is written to a store that is known to be damaged.
func (s *Store) change(ctx context.Context, do func(*sql.Tx) error) error {
	if err := s.damaged(); err != nil {
		return err
	}
	return s.stopIfDamaged(s.try(ctx, do))
}

func (s *Store) try(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// AddKey registers a key for an agent; see [intake.Keys].
func (s *Store) AddKey(
	ctx context.Context, agentID string, key ed25519.PublicKey, now time.Time,
) (i intake.Identity, err error) {
	if err := intake.CheckKey(agentID, key); err != nil {
		return i, err
	}
	err = s.change(ctx, func(tx *sql.Tx) error {
		i, err = addKey(ctx, tx, agentID, key, now)
		return err
	})
	if err != nil {
		return i, fmt.Errorf("registering a key of agent %q: %w", agentID, err)
	}
	return i, nil
}

// addKey registers a key for an agent, unless it has it, and returns who the agent is then.
func addKey(
	ctx context.Context, tx *sql.Tx, agentID string, key ed25519.PublicKey, now time.Time,
) (intake.Identity, error) {
	standing, err := standingOf(ctx, tx, agentID, key)
	if err != nil {
		return intake.Identity{}, err
	}
	done, err := intake.DecideKey(&standing, key)
	if err == nil && !done {
		r := registration{agentID: agentID, key: key, at: now}
		if err = r.insert(ctx, tx); err == nil {
			standing, err = standingOf(ctx, tx, agentID, key)
		}
	}
	return standing.Identity, err
}

// RenameAgent gives an agent another id; see [intake.Keys].
func (s *Store) RenameAgent(ctx context.Context, from, to string) error {
	if err := intake.CheckAgentID(to); err != nil {
		return err
	}
	err := s.agentChange(ctx, from, func(tx *sql.Tx, key int64) error {
		if from == to {
			return nil
		}
		var taken bool
		if err := tx.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM agents WHERE agent_id = ?)", to).Scan(&taken); err != nil {
			return err
		}
		if taken {
			return fmt.Errorf("%w: %q", intake.ErrAgentExists, to)
		}
		if _, err := tx.ExecContext(ctx, "UPDATE agents SET agent_id = ? WHERE key = ?", to, key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE OR REPLACE token_agents SET agent_id = ? WHERE agent_id = ?", to, from)
		return err
	})
	if err != nil {
		return fmt.Errorf("renaming an agent: %w", err)
	}
	return nil
}

// RevokeAgent ends an agent's access; see [intake.Keys].
func (s *Store) RevokeAgent(ctx context.Context, agentID string, now time.Time) error {
	err := s.agentChange(ctx, agentID, func(tx *sql.Tx, key int64) error {
		_, err := tx.ExecContext(ctx,
			"UPDATE agents SET revoked_ms = coalesce(revoked_ms, ?) WHERE key = ?", millis(now), key)
		return err
	})
	if err != nil {
		return fmt.Errorf("revoking an agent: %w", err)
	}
	return nil
}

// ResetAgent lets an agent's id be enrolled anew; see [intake.Keys].
func (s *Store) ResetAgent(ctx context.Context, agentID string) error {
	err := s.agentChange(ctx, agentID, func(tx *sql.Tx, key int64) error { return forgetKey(ctx, tx, key) })
	if err != nil {
		return fmt.Errorf("resetting an agent: %w", err)
	}
	return nil
}

// RemoveAgent forgets an agent; see [intake.Keys].
func (s *Store) RemoveAgent(ctx context.Context, agentID string, now time.Time) error {
	err := s.agentChange(ctx, agentID, func(tx *sql.Tx, key int64) error {
		if err := forgetKey(ctx, tx, key); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM refused_checks WHERE agent = ?", key); err != nil {
			return err
		}
		if err := forgetTags(ctx, tx, key); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE agents SET removed_ms = ?, known = 0, agent_group = '' WHERE key = ?",
			millis(now), key)
		return err
	})
	if err != nil {
		return fmt.Errorf("removing an agent: %w", err)
	}
	return nil
}

// forgetKey deletes an agent's key, also that of its bundles, and lifts a revocation.
func forgetKey(ctx context.Context, tx *sql.Tx, agent int64) error {
	for _, table := range []string{"agent_keys", "bundle_keys"} {
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+table+" WHERE agent = ?", agent); err != nil {
			return err
		}
	}
	_, err := tx.ExecContext(ctx, "UPDATE agents SET revoked_ms = NULL WHERE key = ?", agent)
	return err
}

// agentChange runs do for an agent in one synced transaction. Error: intake.ErrNoSuchAgent.
func (s *Store) agentChange(ctx context.Context, agentID string, do func(tx *sql.Tx, key int64) error) error {
	err := s.change(ctx, func(tx *sql.Tx) error {
		var key int64
		err := tx.QueryRowContext(ctx, "SELECT key FROM agents WHERE agent_id = ?", agentID).Scan(&key)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("%w: %q", intake.ErrNoSuchAgent, agentID)
		}
		if err != nil {
			return err
		}
		return do(tx, key)
	})
	if err != nil {
		return err
	}
	return s.barrier(ctx)
}
