package intake

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"virgo/transport/agentkey"
	"virgo/transport/receipt"
)

// Bounds of the bundles that couriers bring (PROTOCOL.md, "bundle.post").
const (
	// MaxBundlesPerCourier is how many bundles of a courier are remembered; a further one replaces the
	// one that did not go on for the longest time, which then has to be sent from its beginning.
	MaxBundlesPerCourier = 16
	// BundleTime is how long a bundle that does not go on is remembered.
	BundleTime = 30 * 24 * time.Hour
)

// Bundles stores the bundles that couriers bring over connections, and how far each is. It is safe for
// concurrent use.
type Bundles interface {
	// Bundle returns how far a courier has brought a bundle, and who the bundle's agent is.
	Bundle(ctx context.Context, id BundleID, now time.Time) (BundleState, Standing, error)
	// AddBundle stores results of a bundle and then the state after them, and returns when both are
	// durable. After an error or a kill the state is not there; results may be, and when they are brought again
	// none is stored twice. Errors: ErrBadToken and ErrRevoked if the
	// courier's access is no longer valid; those of DecideSeal; ErrBundleMoved.
	AddBundle(ctx context.Context, p *BundlePiece) error
}

// A BundleID names a bundle that a courier brings. What two couriers bring has nothing to do with each
// other, even if it is the same file.
type BundleID struct {
	// Courier is the agent in whose session it comes, AgentID the one whose results it has.
	Courier, AgentID string
	// Bundle is the bundle's id.
	Bundle string
}

// A BundleState is how far a bundle is. The zero value is that of one of which nothing is there.
type BundleState struct {
	// Offset is the number of the bytes that are there.
	Offset int64
	// Verified is what package bundle needs to go on.
	Verified []byte
	// Results is the number of results that were verified, Refused that of those which were refused.
	Results, Refused int64
	// Ranges are the results that were verified, at most receipt.MaxRanges.
	Ranges []receipt.Range
	// Complete means that all of it is there.
	Complete bool
}

// A BundlePiece is the part of a bundle that is stored at once.
type BundlePiece struct {
	BundleID
	// Access is that of the courier's session.
	Access Access
	// Name is the agent's name in the bundle, Key the key with which all of the piece was verified.
	Name string
	Key  ed25519.PublicKey
	// Before is the offset of the state that the piece continues, After the state after it.
	Before   int64
	After    BundleState
	Results  []Result
	Refusals []receipt.Refused
	Received time.Time
}

// Reasons to refuse a bundle.
var (
	// ErrNoSealKey is returned when no key of the bundle's agent is known.
	ErrNoSealKey = errors.New("no key of the bundle's agent is registered here")
	// ErrOtherSealKey is returned when the bundle is sealed with another key.
	ErrOtherSealKey = errors.New("the bundle is sealed with another key than the one that is registered for its agent")
	// ErrSealRevoked is returned when the access of the bundle's agent was revoked.
	ErrSealRevoked = errors.New("the bundle's agent is revoked")
	// ErrBundleMoved is returned when another session of the courier went on with the bundle.
	ErrBundleMoved = errors.New("the bundle is at another offset")
)

// DecideSeal decides whether a bundle with this key is one of the agent with this standing. Nobody who
// brings a bundle can register a key with it; that takes a person at the endpoint, or the agent itself.
//
// Errors: ErrSealRevoked, ErrNoSealKey, ErrOtherSealKey, each with the next step.
func DecideSeal(s *Standing, key ed25519.PublicKey) error {
	known := s.Sealed
	if known == nil {
		known = s.Key
	}
	id := shellID(s.AgentID)
	switch {
	case !s.Revoked.IsZero():
		return fmt.Errorf("%w; virgo-endpoint agents reset %s lets it enrol anew", ErrSealRevoked, id)
	case known == nil:
		return fmt.Errorf("%w; if its host's owner confirms it (virgo key show), virgo-endpoint agents add %s --key %s registers it, "+
			"or virgo-endpoint import takes the file", ErrNoSealKey, id, agentkey.Encode(key))
	case !known.Equal(key):
		return fmt.Errorf("%w: %s, not %s; if its host's owner confirms it (virgo key show), virgo-endpoint import --accept-key "+
			"takes the file", ErrOtherSealKey, agentkey.Fingerprint(key), agentkey.Fingerprint(known))
	}
	return nil
}
