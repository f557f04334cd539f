package intake

import (
	"context"
	"crypto/ed25519"
	"errors"
	"time"
)

// Keys is identity: which key an agent's id belongs to, and which tokens let hosts enrol. It is safe
// for concurrent use; what one process changes, all others see in their next call.
type Keys interface {
	// AddToken makes a token and returns it as secret. Only its hash is stored, so it cannot be
	// returned again. Errors: ErrBadLabel, ErrBadTokenSpec.
	AddToken(ctx context.Context, spec TokenSpec, now time.Time) (secret string, t Token, err error)
	// Tokens returns every token, revoked ones too, oldest first.
	Tokens(ctx context.Context) ([]Token, error)
	// RevokeToken revokes a token. Once it has returned, it enrols nobody, and no hello and no result
	// of a session that it opened is accepted, not even in open sessions. Agents that it enrolled
	// keep their keys. Revoking it twice changes nothing. Error: ErrNoSuchToken.
	RevokeToken(ctx context.Context, id string, now time.Time) (Token, error)

	// Bearer looks up a token of kind Read or Admin by its secret, and notes that it was used, to the hour.
	// Error: ErrBadToken, also for one that was revoked or expired or is of another kind.
	Bearer(ctx context.Context, secret string, now time.Time) (Token, error)

	// AddKey registers a key for an agent that has none, known before or not. Registering the same
	// key twice changes nothing. Errors: ErrOtherKey, ErrKeyElsewhere, ErrRevoked.
	AddKey(ctx context.Context, agentID string, key ed25519.PublicKey, now time.Time) (Identity, error)
	// RenameAgent gives an agent another id; its key, results and tokens stay its own. Errors:
	// ErrNoSuchAgent, ErrAgentExists.
	RenameAgent(ctx context.Context, from, to string) error
	// TagAgent removes tags of an agent, adds others and returns all, sorted. They stay with ResetAgent and
	// RenameAgent. Errors: ErrNoSuchAgent, ErrBadTag, ErrTooManyTags.
	TagAgent(ctx context.Context, agentID string, add, remove []string) ([]string, error)
	// RevokeAgent ends an agent's access: once it has returned, no hello and no request of the agent
	// is accepted, whatever its key and token, not even in open sessions. Error: ErrNoSuchAgent.
	RevokeAgent(ctx context.Context, agentID string, now time.Time) error
	// ResetAgent deletes an agent's key, ends its sessions and lifts a revocation: the id may be
	// enrolled anew. Error: ErrNoSuchAgent.
	ResetAgent(ctx context.Context, agentID string) error
	// RemoveAgent forgets an agent as ResetAgent does, and removes it from the list. No token of an
	// earlier version is for it any more. Its results stay. Error: ErrNoSuchAgent.
	RemoveAgent(ctx context.Context, agentID string, now time.Time) error
}

// Reasons to refuse a hello, besides ErrBadToken; some are errors of Keys as well.
var (
	// ErrKeyRequired is returned when an agent has to prove its key and did not.
	ErrKeyRequired = errors.New("this id is registered with a key")
	// ErrOtherKey is returned when another key is registered for the agent.
	ErrOtherKey = errors.New("this id is registered with another key")
	// ErrProofFailed is returned when the proof of a key does not belong to the connection.
	ErrProofFailed = errors.New("the proof does not belong to this connection: nothing between agent and endpoint " +
		"may end TLS (pass TCP through the load balancer)")
	// ErrNotEnrolled is returned when no token lets an agent without a key enrol.
	ErrNotEnrolled = errors.New("this id has no key here, and there is no token that may enrol it")
	// ErrKeyElsewhere is returned when the key is registered for another agent.
	ErrKeyElsewhere = errors.New("this key is registered for another id")
	// ErrRevoked is returned when the access of the agent was revoked.
	ErrRevoked = errors.New("this id is revoked")
)

// Errors of Keys.
var (
	// ErrNoSuchAgent is returned when no agent has the id.
	ErrNoSuchAgent = errors.New("no such agent")
	// ErrAgentExists is returned when an agent has the id already.
	ErrAgentExists = errors.New("there is an agent with this id")
)
