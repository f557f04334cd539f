package store

import (
	"crypto/ed25519"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
	"virgo/transport/agentkey"
)

// A Bundle describes the bundle that an import stores.
type Bundle struct {
	// Agent is the id of the agent whose results these are, Name the agent's own name.
	Agent, Name string
	// ID is the bundle's id.
	ID string
	// Key is the agent's public key, with which the bundle is signed: ed25519.PublicKeySize bytes.
	Key ed25519.PublicKey
	// AcceptKey replaces the stored key by Key.
	AcceptKey bool
}

// A Record is one result of a bundle.
type Record = intake.SealedRecord

// ErrBadBundle is returned when the agent's id or the key of a bundle is invalid.
var ErrBadBundle = errors.New("not the bundle of an agent")

// A KeyError is returned when a bundle is signed with another key than the one stored for its agent.
type KeyError struct {
	Agent string
	// Was and Is are the fingerprints (see [KeyName]) of the stored key and of the bundle's.
	Was, Is string
	// Since is when Was was first seen.
	Since time.Time
}

// Error names both keys.
func (e *KeyError) Error() string {
	return fmt.Sprintf("the bundle is signed with key %s, and since %s the key of agent %q is %s",
		e.Is, e.Since.UTC().Format(time.DateOnly), e.Agent, e.Was)
}

// KeyName returns a key's fingerprint for people.
func KeyName(key ed25519.PublicKey) string { return agentkey.Fingerprint(key) }

func (b *Bundle) check() error {
	if !intake.ValidID(b.Agent) || len(b.Key) != ed25519.PublicKeySize {
		return fmt.Errorf("%w: agent %s, a key of %d bytes", ErrBadBundle, intake.Quote(b.Agent), len(b.Key))
	}
	return nil
}

// addBundle compares the bundle's key with the stored one, or with the one that the agent has
// registered, and stores it if there is none; first is true if there is neither. It stores the bundle as
// the agent's remote address, unless the agent has sent a hello itself.
// Error: *KeyError.
func (t *transaction) addBundle(row *agentRow, b *Bundle, now time.Time) (first bool, err error) {
	var key []byte
	var since int64
	err = t.tx.QueryRowContext(t.ctx, "SELECT public_key, first_seen_ms FROM bundle_keys WHERE agent = ?", row.key).
		Scan(&key, &since)
	first = errors.Is(err, sql.ErrNoRows)
	if err != nil && !first {
		return false, err
	}
	registered := false
	if first && !b.AcceptKey {
		standing, err := scanStanding(b.Agent, t.stmt(t.st.standing).QueryRowContext(t.ctx, b.Agent).Scan)
		if err != nil {
			return false, err
		}
		if standing.Key != nil && !b.Key.Equal(standing.Key) {
			return false, &KeyError{Agent: b.Agent, Was: KeyName(standing.Key), Is: KeyName(b.Key),
				Since: standing.Registered}
		}
		registered = standing.Key != nil
	}
	if other := !first && !b.Key.Equal(ed25519.PublicKey(key)); first || other {
		if other && !b.AcceptKey {
			return false, &KeyError{Agent: b.Agent, Was: KeyName(key), Is: KeyName(b.Key),
				Since: time.UnixMilli(since)}
		}
		_, err := t.tx.ExecContext(t.ctx,
			"INSERT OR REPLACE INTO bundle_keys (agent, public_key, first_seen_ms) VALUES (?, ?, ?)",
			row.key, []byte(b.Key), now.UnixMilli())
		if err != nil {
			return false, err
		}
	}
	return first && !registered, t.nameBundle(row, b.Name, b.ID)
}
