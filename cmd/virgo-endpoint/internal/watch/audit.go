package watch

import (
	"context"
	"time"
)

// MaxAuditBytes bounds what an entry keeps of the state before and after a change, each.
const MaxAuditBytes = 64 << 10

// An Entry is one change, or one attempt of one, with who did it and from where. It has no secrets.
type Entry struct {
	ID                       int64
	At                       time.Time
	ActorKind, Actor, Remote string
	// Action is a verb and a noun ("put schedule"), Object what it was done to.
	Action, Object string
	// Before and After are at most MaxAuditBytes each.
	Before, After []byte
	// Outcome is "begun", "done", or "failed: " and the reason. An entry that stays begun may have happened.
	Outcome string
}

// The outcomes of an entry, besides "failed: " and a reason.
const (
	Begun = "begun"
	Done  = "done"
)

// AuditKept is how long entries are kept.
const AuditKept = 2 * 365 * 24 * time.Hour

// An EntryFilter selects entries; zero fields select all.
type EntryFilter struct {
	From, To      time.Time
	Actor, Object string
	// Limit returns the newest; 0 for all.
	Limit int
}

// Audit stores who changed what. It is safe for concurrent use.
type Audit interface {
	// Begin stores an entry before the change is made, and returns its number when it is durable.
	Begin(ctx context.Context, e Entry) (id int64, err error)
	// End notes how it ended.
	End(ctx context.Context, id int64, outcome string) error
	// Entries calls fn for entries, newest first.
	Entries(ctx context.Context, f EntryFilter, fn func(Entry) error) error
}
