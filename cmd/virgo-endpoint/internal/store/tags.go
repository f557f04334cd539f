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
		before, err := tagsOf(ctx, tx, key)
		if err != nil {
			return err
		}
		if after, err = intake.ChangeTags(before, add, remove); err != nil {
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

// tagsOf returns the tags of one agent, sorted.
func tagsOf(ctx context.Context, q rowsQuerier, key int64) ([]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT tag FROM agent_tags WHERE agent = ? ORDER BY tag", key)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var tag string
		if err := rows.Scan(&tag); err != nil {
			return nil, err
		}
		list = append(list, tag)
	}
	return list, rows.Err()
}

// allTags returns the tags of every agent that has some, by agent and sorted.
func (s *Store) allTags(ctx context.Context) (map[string][]string, error) {
	tags := map[string][]string{}
	err := s.each(ctx, "reading the tags of agents", `SELECT agent_id, tag FROM agent_tags JOIN agents
		ON agent_tags.agent = agents.key ORDER BY agent, tag`, nil, func(rows *sql.Rows) error {
		var id, tag string
		err := rows.Scan(&id, &tag)
		tags[id] = append(tags[id], tag)
		return err
	})
	return tags, err
}

func forgetTags(ctx context.Context, tx *sql.Tx, key int64) error {
	_, err := tx.ExecContext(ctx, "DELETE FROM agent_tags WHERE agent = ?", key)
	return err
}
