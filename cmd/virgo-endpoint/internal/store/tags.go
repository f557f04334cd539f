package store

import (
	"context"
	"database/sql"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// TagAgent changes the tags of an agent; see [intake.Keys].
func (s *Store) TagAgent(ctx context.Context, agentID string, add, remove []string) ([]string, error) {
	var after []string
	err := s.agentChange(ctx, agentID, func(tx *sql.Tx, key int64) error {
		before, err := tagsOf(ctx, tx, agentID)
		if err != nil {
			return err
		}
		if after, err = intake.ChangeTags(before[key], add, remove); err != nil {
			return err
		}
		if err := forgetTags(ctx, tx, key); err != nil {
			return err
		}
		for _, tag := range after {
			if _, err := tx.ExecContext(ctx, "INSERT INTO agent_tags (agent, tag) VALUES (?, ?)", key, tag); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("changing the tags of an agent: %w", err)
	}
	return after, nil
}

// Tags returns the sorted tags of an agent.
func (s *Store) Tags(ctx context.Context, agentID string) (tags []string, err error) {
	all, err := tagsOf(ctx, s.read, agentID)
	for _, tags = range all {
	}
	if err != nil {
		return nil, fmt.Errorf("reading the tags of an agent: %w", named(err))
	}
	return tags, nil
}

// tagsOf returns the sorted tags of every agent that has some, or of one, by the agent's key.
func tagsOf(ctx context.Context, q rowsQuerier, agentID string) (map[int64][]string, error) {
	rows, err := ofAgents(ctx, q, "SELECT agent, tag FROM agent_tags JOIN agents ON agent_tags.agent = agents.key", agentID,
		"ORDER BY agent, tag")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	tags := map[int64][]string{}
	for rows.Next() {
		var agent int64
		var tag string
		if err := rows.Scan(&agent, &tag); err != nil {
			return nil, err
		}
		tags[agent] = append(tags[agent], tag)
	}
	return tags, rows.Err()
}

func forgetTags(ctx context.Context, tx *sql.Tx, key int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM agent_tags WHERE agent = ?", key)
	return err
}
