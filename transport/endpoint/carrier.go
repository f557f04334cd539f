package endpoint

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
)

// A Carrier is what brought results by hand.
type Carrier struct {
	// Agent whose results these are, Name as it calls itself, and Bundle that they came in.
	Agent, Name, Bundle string
	// Key is the agent's public key, with which the bundle is signed: ed25519.PublicKeySize bytes.
	Key ed25519.PublicKey
	// AcceptKey takes Key from now on, whichever was seen before.
	AcceptKey bool
}

// ErrBadCarrier is returned when a bundle's agent cannot be one, or its key is none.
var ErrBadCarrier = errors.New("no agent's bundle")

// A KeyError is returned when a bundle is signed with another key than the first one of its agent was.
type KeyError struct {
	Agent string
	// Was and Is are names of the two keys, as [KeyName] gives them.
	Was, Is string
	// Since is when Was was first seen.
	Since time.Time
}

// Error names both keys.
func (e *KeyError) Error() string {
	return fmt.Sprintf("the bundle is signed with key %s, and since %s the key of agent %q is %s",
		e.Is, e.Since.UTC().Format(time.DateOnly), e.Agent, e.Was)
}

// KeyName is what people tell keys apart by: the first 16 bytes of its SHA-256, in hexadecimal.
func KeyName(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

func (c *Carrier) check() error {
	if !plainID(c.Agent) || len(c.Key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: agent %s, a key of %d bytes", ErrBadCarrier, clip(c.Agent), len(c.Key))
	}
	return nil
}

// know compares the key with the one that is kept, keeps the first, and notes where the agent's results come
// from, unless it says hello itself. first is true where there was none. Error: *KeyError.
func (c *Carrier) know(ctx context.Context, tx *sql.Tx, agent int64, now time.Time) (first bool, err error) {
	var key []byte
	var since int64
	err = tx.QueryRowContext(ctx, "SELECT public_key, first_seen_ms FROM bundle_keys WHERE agent = ?", agent).Scan(&key, &since)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return false, err
	case err == nil && !c.Key.Equal(ed25519.PublicKey(key)) && !c.AcceptKey:
		return false, &KeyError{Agent: c.Agent, Was: KeyName(key), Is: KeyName(c.Key), Since: time.UnixMilli(since)}
	case err != nil || !c.Key.Equal(ed25519.PublicKey(key)):
		first = err != nil
		_, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO bundle_keys (agent, public_key, first_seen_ms) VALUES (?, ?, ?)", agent, []byte(c.Key), now.UnixMilli())
		if err != nil {
			return false, err
		}
	}
	_, err = tx.ExecContext(ctx, `UPDATE agents SET name = CASE name WHEN '' THEN ?2 ELSE name END, remote = 'bundle ' || ?3
		WHERE key = ?1 AND (remote = '' OR remote LIKE 'bundle %')`, agent, cut(c.Name), cut(c.Bundle))
	return first, err
}
