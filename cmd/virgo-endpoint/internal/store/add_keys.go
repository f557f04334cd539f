package store

import (
	"context"
	"crypto/ed25519"
	"database/sql"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// keysATransaction bounds how long AddKeys keeps others from writing: some 50 ms.
const keysATransaction = 500

// An AgentKey is a key that is to be registered for an agent.
type AgentKey struct {
	AgentID string
	Key     ed25519.PublicKey
}

// AddKeys registers many keys, as AddKey registers one, some hundred in a transaction. It returns how many of
// the list are registered: with an error, those before the one that failed and its neighbours. Repeating
// it changes nothing of those that are.
func (s *Store) AddKeys(ctx context.Context, list []AgentKey, now time.Time) (registered int, err error) {
	for registered < len(list) {
		some := list[registered:min(registered+keysATransaction, len(list))]
		for _, k := range some {
			if err := intake.CheckKey(k.AgentID, k.Key); err != nil {
				return registered, err
			}
		}
		err := s.change(ctx, func(tx *sql.Tx) error {
			for _, k := range some {
				if _, err := addKey(ctx, tx, k.AgentID, k.Key, now); err != nil {
					return fmt.Errorf("registering a key of agent %q: %w", k.AgentID, err)
				}
			}
			return nil
		})
		if err != nil {
			return registered, err
		}
		registered += len(some)
	}
	return registered, nil
}
