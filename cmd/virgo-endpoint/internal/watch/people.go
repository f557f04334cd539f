package watch

import (
	"context"
	"errors"
	"time"
)

// Errors of people and of changes.
var (
	// ErrNoSuchPerson is returned when nobody has the name.
	ErrNoSuchPerson = errors.New("no such person")
	// ErrPersonExists is returned when somebody has the name already.
	ErrPersonExists = errors.New("there is a person with this name")
	// ErrNoSession is returned for a session that is unknown or over.
	ErrNoSession = errors.New("the session is over")
	// ErrChanged is returned when somebody else changed the same thing meanwhile.
	ErrChanged = errors.New("it was changed meanwhile")
)

// A Role says what a person may do on the page.
type Role string

// The roles, each with the rights of those before.
const (
	View    Role = "view"    // read
	Operate Role = "operate" // silences and acknowledgements too
	Admin   Role = "admin"   // everything
)

// A Person may log in to the page.
type Person struct {
	Name string
	Role Role
	// Password is an argon2id hash in PHC form; empty for one who only comes by a proxy.
	Password string
	Version  int64
	Created  time.Time
	Disabled time.Time // zero for one who may log in
}

// How long a session lasts, and how long without use.
const (
	SessionLife = 30 * 24 * time.Hour
	SessionIdle = 7 * 24 * time.Hour
)

// MaxSessions bounds the sessions of one person: a further one ends the one that was used least recently.
const MaxSessions = 64

// A Session is a person's browser. Hash is the SHA-256 of the cookie.
type Session struct {
	Hash          [32]byte
	Person        string
	Created, Used time.Time
	// Remote is the address that it began from.
	Remote string
}

// People stores people and their sessions. It is safe for concurrent use.
type People interface {
	// Person returns one. Error: ErrNoSuchPerson.
	Person(ctx context.Context, name string) (Person, error)
	// All returns all, by name.
	All(ctx context.Context) ([]Person, error)
	// Put adds a person (Version 0) or changes one whose Version is still the same; all sessions of the person end if
	// role, password or Disabled differ. Errors: ErrChanged, ErrPersonExists, ErrNoSuchPerson.
	Put(ctx context.Context, p Person) (Person, error)
	// Remove removes a person and the sessions. Error: ErrNoSuchPerson.
	Remove(ctx context.Context, name string) error
	// Session returns a session and its person. Errors: ErrNoSession.
	Session(ctx context.Context, hash [32]byte) (Session, Person, error)
	// Begin stores a session. Error: ErrNoSuchPerson, also for one who is disabled.
	Begin(ctx context.Context, s Session) error
	// Touch notes that a session was used.
	Touch(ctx context.Context, hash [32]byte, at time.Time) error
	// End ends a session; with all, every session of the same person.
	End(ctx context.Context, hash [32]byte, all bool) error
	// EndOld ends sessions that were created or last used before those times.
	EndOld(ctx context.Context, created, used time.Time) error
}

// A Scope is one thing that an actor may do.
type Scope string

// The scopes. Read is for all that only reads.
const (
	ReadScope      Scope = "read"
	SchedulesScope Scope = "schedules"
	AlarmsScope    Scope = "alarms"
	SilencesScope  Scope = "silences" // silences and acknowledgements
	TagsScope      Scope = "tags"
	AgentsScope    Scope = "agents"
	TokensScope    Scope = "tokens"
	PeopleScope    Scope = "people"
	AuditScope     Scope = "audit"
	NotifiersScope Scope = "notifiers" // see and test them
	OutputsScope   Scope = "outputs"
)

// AllScopes returns every scope.
func AllScopes() []Scope {
	return []Scope{ReadScope, SchedulesScope, AlarmsScope, SilencesScope, TagsScope, AgentsScope, TokensScope,
		PeopleScope, AuditScope, NotifiersScope, OutputsScope}
}

// Scopes returns what a role may do.
func (r Role) Scopes() []Scope {
	switch r {
	case Admin:
		return AllScopes()
	case Operate:
		return []Scope{ReadScope, SilencesScope}
	case View:
		return []Scope{ReadScope}
	}
	return nil
}

// TokenActor is the Kind of an actor with a token.
const TokenActor = "token"

// An Actor is who asks for something.
type Actor struct {
	// Kind is "person", "proxy" (a person whom a proxy names), [TokenActor] or "command".
	Kind string
	// Name is the person's, the token's id, or the operating system's user.
	Name string
	// Remote is the address that it came from; empty for a command.
	Remote string
	Scopes []Scope
	// Session is the hash of a person's session; zero for others.
	Session [32]byte
}
