package intake

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Errors of tokens.
var (
	// ErrNoSuchToken is returned when no token has the id.
	ErrNoSuchToken = errors.New("no such token")
	// ErrBadLabel is returned when a label or a group is too long or not plain text.
	ErrBadLabel = errors.New("invalid label")
	// ErrBadToken is returned when a token is unknown or was revoked, which it does not distinguish,
	// and, with the reason, when it cannot be used for an agent.
	ErrBadToken = errors.New("the token is not valid")
	// ErrBadTokenSpec is returned when a token with these properties would be of no use.
	ErrBadTokenSpec = errors.New("no such token can be made")
)

// Kinds are the purposes of a token.
type Kinds uint8

// The kinds of tokens.
const (
	// Enrol registers the key of an agent that has none, and is of no use after that.
	Enrol Kinds = 1 << iota
	// Legacy lets agents of the existing protocol, which have no keys, say hello under the ids that
	// the token names, until a key is registered for the id.
	Legacy
	// Relay registers the key of a relay as Enrol does that of an agent.
	Relay
	// Read reads over the HTTP API, and nothing else: it is for no agent, and has no other kind beside it.
	Read
	// Admin reads and changes over the HTTP API what its scopes name. It has no other kind beside it.
	Admin
)

// Bounds of a token of kind Admin: whoever finds one can change things, so it ends.
const (
	MaxAdminLife = 366 * 24 * time.Hour
	maxScopes    = 32
	maxScope     = 32 // bytes
)

// kindNames are the names of kinds, in the order of their bits.
var kindNames = []string{"enrol", "legacy", "relay", "read", "admin"}

// KindNames returns the names that [ParseKind] knows.
func KindNames() []string { return slices.Clone(kindNames) }

// ParseKind reads the name of one kind.
func ParseKind(name string) (Kinds, error) {
	i := slices.Index(kindNames, name)
	if i < 0 {
		return 0, fmt.Errorf("%w: there is no kind %q", ErrBadTokenSpec, name)
	}
	return 1 << i, nil
}

// Names returns the names of the kinds.
func (k Kinds) Names() []string {
	var list []string
	for i, name := range kindNames {
		if k&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	return list
}

func (k Kinds) String() string { return strings.Join(k.Names(), "+") }

// A TokenSpec says what a new token is to be for.
type TokenSpec struct {
	// Label is a person's note, Group the group of the agents that it enrols; both may be empty.
	Label, Group string
	Kinds        Kinds
	// Uses is the number of agents that it may enrol; 0 means any number.
	Uses int
	// Expires is when it ends; zero means never.
	Expires time.Time
	// AgentIDs are the agents that it is for. Without any, it enrols agents of any id. A legacy
	// token has at least one.
	AgentIDs []string
	// Scopes are what a token of kind Admin may do, sorted; the API knows what they mean.
	Scopes []string
}

// Check returns an error for a token that cannot be made: ErrBadLabel or ErrBadTokenSpec.
func (s *TokenSpec) Check(now time.Time) error {
	if err := CheckLabel(s.Label); err != nil {
		return err
	}
	if err := CheckLabel(s.Group); err != nil {
		return fmt.Errorf("group: %w", err)
	}
	for _, id := range s.AgentIDs {
		if err := CheckAgentID(id); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrBadTokenSpec, Quote(id), err)
		}
	}
	switch {
	case s.Kinds == 0 || s.Kinds >= 1<<len(kindNames):
		return fmt.Errorf("%w: it has no kind", ErrBadTokenSpec)
	case s.Kinds&Legacy != 0 && len(s.AgentIDs) == 0:
		return fmt.Errorf("%w: a legacy token has to name the agents that it is for", ErrBadTokenSpec)
	case s.Kinds == Legacy && s.Uses != 0:
		return fmt.Errorf("%w: a legacy token is used in every session, so its uses are not counted", ErrBadTokenSpec)
	case s.Kinds&Read != 0 && s.Kinds != Read:
		return fmt.Errorf("%w: a token that reads is for nothing else", ErrBadTokenSpec)
	case s.Kinds == Read && (s.Uses != 0 || s.Group != "" || len(s.AgentIDs) > 0):
		return fmt.Errorf("%w: a token that reads is for no agents, and its uses are not counted", ErrBadTokenSpec)
	case s.Kinds&Admin != 0 && s.Kinds != Admin:
		return fmt.Errorf("%w: a token of kind admin is for nothing else", ErrBadTokenSpec)
	case s.Kinds == Admin:
		return s.checkAdmin(now)
	case len(s.Scopes) > 0:
		return fmt.Errorf("%w: only a token of kind admin has scopes", ErrBadTokenSpec)
	case s.Uses < 0 || s.Uses > MaxTokenUses:
		return fmt.Errorf("%w: %d uses are not in 1 to %d", ErrBadTokenSpec, s.Uses, MaxTokenUses)
	case len(s.AgentIDs) > MaxTokenAgents:
		return fmt.Errorf("%w: %d agents are more than %d", ErrBadTokenSpec, len(s.AgentIDs), MaxTokenAgents)
	case !s.Expires.IsZero() && !s.Expires.After(now):
		return fmt.Errorf("%w: it would have ended already", ErrBadTokenSpec)
	}
	return nil
}

func (s *TokenSpec) checkAdmin(now time.Time) error {
	switch {
	case s.Uses != 0 || s.Group != "" || len(s.AgentIDs) > 0:
		return fmt.Errorf("%w: a token of kind admin is for no agents, and its uses are not counted", ErrBadTokenSpec)
	case len(s.Scopes) == 0:
		return fmt.Errorf("%w: a token of kind admin has to have scopes", ErrBadTokenSpec)
	case len(s.Scopes) > maxScopes:
		return fmt.Errorf("%w: %d scopes are more than %d", ErrBadTokenSpec, len(s.Scopes), maxScopes)
	case s.Expires.IsZero() || s.Expires.After(now.Add(MaxAdminLife)):
		return fmt.Errorf("%w: a token of kind admin has to end within %d days", ErrBadTokenSpec, MaxAdminLife/(24*time.Hour))
	case !s.Expires.After(now):
		return fmt.Errorf("%w: it would have ended already", ErrBadTokenSpec)
	}
	for _, scope := range s.Scopes {
		if !isScope(scope) {
			return fmt.Errorf("%w: %s is not a scope", ErrBadTokenSpec, Quote(scope))
		}
	}
	return nil
}

// isScope reports whether a scope is a word of small letters: the stored form has blanks between them.
func isScope(s string) bool {
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return s != "" && len(s) <= maxScope
}

// A Token describes a token. It does not contain the token itself.
type Token struct {
	// ID identifies the token for people: 8 hexadecimal digits, not secret.
	ID string
	TokenSpec
	// UsesLeft is how many agents it may still enrol, if Uses is not 0.
	UsesLeft int
	// KnownAgents is true for a token that was made by a version without keys: it is for the agents
	// that were known when the store was migrated ([Identity.Known]).
	KnownAgents bool
	// Created, Revoked and LastUsed are by the endpoint's clock; zero if it did not happen. LastUsed
	// is when it last enrolled an agent, or opened a session of an agent without a key.
	Created, Revoked, LastUsed time.Time
}

// State describes for people whether the token can be used.
func (t *Token) State(now time.Time) string {
	switch {
	case !t.Revoked.IsZero():
		return "revoked"
	case t.expired(now):
		return "expired"
	case t.Kinds&(Legacy|Read|Admin) == 0 && t.usedUp():
		return "used up"
	}
	return "valid"
}

// BearerNoted is how long a use of a token of kind Read or Admin is not noted again.
const BearerNoted = time.Hour

// IsBearer reports whether the token may be used with the HTTP API.
func (t *Token) IsBearer(now time.Time) bool {
	return (t.Kinds == Read || t.Kinds == Admin) && t.Revoked.IsZero() && !t.expired(now)
}

func (t *Token) expired(now time.Time) bool { return !t.Expires.IsZero() && !t.Expires.After(now) }
func (t *Token) usedUp() bool               { return t.Uses != 0 && t.UsesLeft <= 0 }

// isFor reports whether the token is for an agent. known is the agent's [Identity.Known].
func (t *Token) isFor(agentID string, known bool) bool {
	return t.KnownAgents && known || slices.Contains(t.AgentIDs, agentID) ||
		len(t.AgentIDs) == 0 && !t.KnownAgents && t.Kinds&Legacy == 0
}

// CheckLabel returns an error for an invalid label of a token: ErrBadLabel.
func CheckLabel(label string) error {
	if !utf8.ValidString(label) || utf8.RuneCountInString(label) > MaxLabelRunes {
		return fmt.Errorf("%w: at most %d characters", ErrBadLabel, MaxLabelRunes)
	}
	for _, r := range label {
		if !unicode.IsPrint(r) {
			return fmt.Errorf("%w: it contains %q", ErrBadLabel, r)
		}
	}
	return nil
}
