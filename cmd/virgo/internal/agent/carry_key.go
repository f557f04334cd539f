package agent

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"virgo/spool"
	"virgo/spool/bundle"
)

// carriedSpace holds the keys of the agents whose bundles this host carried, by the agent's id.
const carriedSpace = "carried"

// A KeyError is returned when a bundle is sealed with another key than the first one of its agent was.
type KeyError struct {
	Agent string
	// Was and Is name the keys, as [KeyName] does.
	Was, Is string
}

// Error names both keys.
func (e *KeyError) Error() string {
	return fmt.Sprintf("the bundle of agent %.128q is sealed with key %s, and its first one here was with %s", e.Agent, e.Is, e.Was)
}

// Hint gives the next step.
func (e *KeyError) Hint() string {
	return "ask that host's owner which is right (virgo spool export shows it); --accept-key takes the new one from now on"
}

// KeyName is what people tell keys apart by: the first 16 bytes of its SHA-256, in hexadecimal.
func KeyName(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:16])
}

// KnowKey compares a bundle's key with the first one that was seen here of its agent, and remembers that. accept
// takes a new one. Errors: [KeyError], and the spool's.
func (a *Agent) KnowKey(ctx context.Context, h bundle.Header, accept bool) error {
	return a.Spool.Update(ctx, func(tx *spool.Tx) error {
		was := ed25519.PublicKey(tx.Get(carriedSpace, h.Agent))
		switch {
		case was == nil || accept:
			return tx.Put(carriedSpace, h.Agent, h.Key)
		case !was.Equal(h.Key):
			return &KeyError{h.Agent, KeyName(was), KeyName(h.Key)}
		}
		return nil
	})
}
