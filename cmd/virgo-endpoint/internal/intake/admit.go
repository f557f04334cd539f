package intake

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"virgo/schedule/shorttext"
)

// A Claim is what a hello says about who its agent is.
type Claim struct {
	AgentID string
	// Token may be empty: an agent with a registered key needs none.
	Token string
	// Key is the agent's key; nil if the hello has no key or no proof of it. Proven is true if the proof
	// is valid on this connection.
	Key    ed25519.PublicKey
	Proven bool
	// Session is the number of the session; 0 without a Key.
	Session uint64
	// Remote is the address that it came from.
	Remote string
	Now    time.Time
}

// An Access is what a session was admitted by: a registered key or a token. It outlives the process,
// is no secret, and is never given to another key or token. The zero value is no access.
type Access struct {
	// Registration is the store's number of the registered key, Token that of the token; exactly one
	// of them is not 0.
	Registration, Token int64
}

// Withdrawn returns the error for an access that is no longer valid: ErrRevoked or ErrBadToken.
func (a Access) Withdrawn() error {
	if a.Registration != 0 {
		return ErrRevoked
	}
	return ErrBadToken
}

// An Admission is the outcome of a claim that was accepted.
type Admission struct {
	Access Access
	// Registered is true if the claim's key is registered for the agent, durably.
	Registered bool
	// Enrolled is true if this claim registered it.
	Enrolled bool
	// TokenID is that of the token by which the agent enrolled, or that the access is by; empty for a key
	// that a person registered.
	TokenID string
	// Relay is true if the key is a relay's.
	Relay bool
	// Problem is why the claim's key is not registered although the claim was accepted.
	Problem string
	// LastSession is the greatest number of a session so far if the claim's is not above it, else 0.
	LastSession uint64
	// TwoHosts is true if two hosts most likely use the key.
	TwoHosts bool
}

// A Standing is what a store knows about the agent of a claim. The zero value is that of an unknown
// agent.
type Standing struct {
	Identity
	// Registration is that of Identity.Key.
	Registration int64
	// Sealed is the key of the agent's bundles, by which it was known before it had a connection; nil if
	// none was imported. It registers nothing, but no other key may enrol under the id.
	Sealed ed25519.PublicKey
	// KeyOf is the agent that the claim's key is registered for, if it is another one; else empty.
	KeyOf string
}

// A Basis says on what ground a claim is accepted.
type Basis int

// The bases of an admission.
const (
	// ByKey: the key is registered for the agent.
	ByKey Basis = iota + 1
	// ByEnrolment: the key has to be registered first, which uses up one use of the token.
	ByEnrolment
	// ByToken: the token is a legacy token for this agent, which has no key.
	ByToken
)

// Decide decides about a claim. t is the claim's token, nil if it is unknown. It is the one place
// that knows who may say hello as whom (PROTOCOL.md, "What an endpoint does with hello"); every
// implementation of [Intake.Admit] calls it, and calls it again in the transaction that registers a
// key.
//
// The reason goes to whoever said hello. It says more about a token only to those who have its
// secret, and more about a key only to those who have proven it.
//
// Errors: ErrRevoked, ErrKeyRequired, ErrOtherKey, ErrProofFailed, ErrKeyElsewhere, ErrNotEnrolled,
// ErrBadToken.
func Decide(c *Claim, s *Standing, t *Token) (b Basis, problem string, err error) {
	switch {
	case !s.Revoked.IsZero():
		return 0, "", ErrRevoked
	case s.Key == nil:
		return decideByToken(c, s, t)
	case c.Key == nil:
		return 0, "", fmt.Errorf("%w, and hello has no proof of it (TLS 1.3 is needed); if the host has lost its key "+
			"or its agent is an older one, %s", ErrKeyRequired, resetHint(c.AgentID))
	case !s.Key.Equal(c.Key):
		return 0, "", fmt.Errorf("%w; if this host is the right one, %s", ErrOtherKey, resetHint(c.AgentID))
	case !c.Proven:
		return 0, "", ErrProofFailed
	}
	return ByKey, "", nil
}

// decideByToken decides about an agent that has no key yet.
func decideByToken(c *Claim, s *Standing, t *Token) (b Basis, problem string, err error) {
	enrols, legacy, reason := t.allows(c, s)
	switch {
	case c.Key == nil && legacy:
		return ByToken, "", nil
	case c.Key == nil && enrols:
		return 0, "", &keylessError{c.AgentID}
	case c.Key == nil && reason != "":
		return 0, "", fmt.Errorf("%w: it %s", ErrBadToken, reason)
	case c.Key == nil:
		return 0, "", ErrBadToken
	case !c.Proven && legacy:
		return ByToken, ErrProofFailed.Error(), nil
	case !c.Proven:
		return 0, "", ErrProofFailed
	case s.KeyOf != "":
		return 0, "", fmt.Errorf("%w, %s: set agent_id to that if this is its host; else this host's state folder is a copy: delete it",
			ErrKeyElsewhere, Quote(s.KeyOf))
	case enrols && s.Sealed != nil && !s.Sealed.Equal(c.Key):
		return 0, "", fmt.Errorf("%w, that of its bundles; if this host is the right one, %s", ErrOtherKey, resetHint(c.AgentID))
	case enrols:
		return ByEnrolment, "", nil
	case legacy:
		return ByToken, "its token is not for enrolment; virgo-endpoint token add makes one that is", nil
	case reason != "":
		return 0, "", fmt.Errorf("%w: the token %s; virgo-endpoint token add makes one", ErrNotEnrolled, reason)
	}
	return 0, "", fmt.Errorf("%w; virgo-endpoint token add makes one", ErrNotEnrolled)
}

// allows reports what the token of a claim may be used for, and if for nothing, why; without a reason if
// there is no such token.
func (t *Token) allows(c *Claim, s *Standing) (enrols, legacy bool, reason string) {
	switch {
	case t == nil || !t.Revoked.IsZero():
		return false, false, ""
	case t.expired(c.Now):
		return false, false, "expired at " + t.Expires.UTC().Format(time.RFC3339)
	case t.Kinds == Read:
		return false, false, "is for reading only"
	case t.Kinds == Admin:
		return false, false, "is for the HTTP API only"
	case !t.isFor(c.AgentID, s.Known) && t.KnownAgents:
		return false, false, "is of an earlier version and only for the agents that were known then"
	case !t.isFor(c.AgentID, s.Known):
		return false, false, "is for other agents"
	}
	enrols, legacy = t.Kinds&(Enrol|Relay) != 0 && !t.usedUp(), t.Kinds&Legacy != 0
	if !enrols && !legacy {
		reason = "was used up"
	}
	return enrols, legacy, reason
}

// Admitted returns the admission of a claim whose standing is s.
func Admitted(c *Claim, s *Standing) Admission {
	a := Admission{Access: Access{Registration: s.Registration}, Registered: true, TokenID: s.TokenID, Relay: s.Relay}
	seen := s.Sessions
	if seen.Last > 0 && !seen.Note(c.Session, c.Remote, c.Now) {
		a.LastSession = seen.Last
	}
	a.TwoHosts = seen.TwoHosts(c.Now)
	return a
}

// Open reports whether a session may go on: access is that of its admission, s the standing of its
// agent now, and t the token of the access, nil if the access has none or it is not known.
func Open(access Access, s *Standing, t *Token, now time.Time) bool {
	switch {
	case !s.Revoked.IsZero():
		return false
	case access.Registration != 0:
		return access.Registration == s.Registration
	}
	return s.Key == nil && t != nil && t.Kinds&Legacy != 0 && t.Revoked.IsZero() && !t.expired(now) &&
		t.isFor(s.AgentID, s.Known)
}

// A keylessError is ErrKeyRequired for an id that has no key yet.
type keylessError struct{ agentID string }

func (e *keylessError) Error() string {
	return "a token of this kind only enrols agents that have a key; for one of the existing protocol, " +
		"virgo-endpoint token add --kind legacy --id " + shellID(e.agentID) + " makes a token"
}

func (e *keylessError) Unwrap() error { return ErrKeyRequired }

// resetHint names the command that lets an agent enrol anew.
func resetHint(agentID string) string {
	return "virgo-endpoint agents reset " + shellID(agentID) + " lets it enrol anew"
}

// shellID returns an agent's id for a command in a message, as short as others in messages.
func shellID(agentID string) string { return shorttext.QuoteShell(Shorten(agentID)) }

// CheckKey returns an error if a key cannot be registered for an agent of that id.
func CheckKey(agentID string, key ed25519.PublicKey) error {
	if len(key) != ed25519.PublicKeySize {
		return fmt.Errorf("a key has %d bytes, not %d", ed25519.PublicKeySize, len(key))
	}
	return CheckAgentID(agentID)
}

// DecideKey decides whether a person may register a key for an agent; done is true if it is registered
// already. Errors: ErrRevoked, ErrOtherKey, ErrKeyElsewhere.
func DecideKey(s *Standing, key ed25519.PublicKey) (done bool, err error) {
	switch {
	case !s.Revoked.IsZero():
		return false, ErrRevoked
	case s.Key != nil && !s.Key.Equal(key):
		return false, ErrOtherKey
	case s.Key != nil:
		return true, nil
	case s.KeyOf != "":
		return false, fmt.Errorf("%w, %s", ErrKeyElsewhere, Quote(s.KeyOf))
	}
	return false, nil
}
