package airgap

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"virgo/spool"
	"virgo/spool/bundle"
	"virgo/transport/agentkey"
)

// keySpace is the space with the keys of the agents whose bundles this host delivered, by agent id.
const keySpace = "carried"

// A KeyError is returned for a bundle that is signed with another key than the first bundle of its
// agent.
type KeyError struct {
	Agent string
	// Was and Is are the names of the expected and the actual key, see [agentkey.Fingerprint].
	Was, Is string
}

// Error names both keys.
func (e *KeyError) Error() string {
	return fmt.Sprintf("the bundle of agent %.128q is sealed with key %s, and its first one here was with %s",
		e.Agent, e.Is, e.Was)
}

// Hint returns the next step.
func (e *KeyError) Hint() string {
	return "ask that host's owner which is right (virgo spool export shows it); " +
		"--accept-key takes the new one from now on"
}

// CheckKey compares a bundle's key with that of the first bundle of its agent, and stores the key
// of a first bundle (trust on first use). If accept is set, a different key replaces the stored
// one. Errors: [KeyError], and the spool's.
func CheckKey(ctx context.Context, sp *spool.Spool, h bundle.Header, accept bool) error {
	return sp.Update(ctx, func(tx *spool.Tx) error {
		known := ed25519.PublicKey(tx.Get(keySpace, h.Agent))
		switch {
		case known == nil || accept:
			return tx.Put(keySpace, h.Agent, h.Key)
		case !known.Equal(h.Key):
			return &KeyError{h.Agent, agentkey.Fingerprint(known), agentkey.Fingerprint(h.Key)}
		}
		return nil
	})
}
