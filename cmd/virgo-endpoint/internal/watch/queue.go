package watch

import (
	"context"
	"time"
)

// A Row is a notification that waits to be sent.
type Row struct {
	ID int64
	// Notifier is the name in notify.yaml.
	Notifier string
	// Group joins rows that are sent as one message: a host and a minute.
	Group        string
	Due, Created time.Time
	// Attempt counts the attempts that failed. Level is that of the escalation, from 0.
	Attempt, Level int
	// Event is the JSON of an Event.
	Event []byte
	// Err is why the last attempt failed, without secrets.
	Err string
}

// An Outcome says what became of rows that were sent.
type Outcome struct {
	// Sent deletes the rows; Dropped does too, and is for what can never be sent.
	Sent, Dropped bool
	// Due is when to try again, if neither.
	Due time.Time
	Err string
	At  time.Time
	// Next are added in the same transaction, so that a kill leaves no alarm without its next reminder.
	Next []Row
}

// A NotifierState is how sending by a notifier goes.
type NotifierState struct {
	Name          string
	LastOK        time.Time
	FailingSince  time.Time // zero if the last attempt succeeded
	Failures      int       // attempts since
	Err           string
	Waiting       int
	OldestWaiting time.Time
}

// A Queue keeps notifications until they are sent. It is safe for concurrent use.
type Queue interface {
	// Add adds rows. It returns when they are durable.
	Add(ctx context.Context, rows []Row) error
	// Due returns the rows of a notifier that are due, oldest first, at most limit.
	Due(ctx context.Context, notifier string, now time.Time, limit int) ([]Row, error)
	// Settle notes what became of rows of one notifier, and how the notifier does: Sent ends its failures, Err is one more.
	Settle(ctx context.Context, notifier string, ids []int64, o Outcome) error
	// Next returns when the next row of any notifier is due; zero if there is none.
	Next(ctx context.Context) (time.Time, error)
	// Notifiers returns how sending goes, of all notifiers that ever sent or have rows.
	Notifiers(ctx context.Context) ([]NotifierState, error)
	// Held returns the changes that a silence holds back, oldest first.
	Held(ctx context.Context, silence int64) ([]Change, error)
	// Release forgets what a silence held back, and adds rows instead, in one transaction.
	Release(ctx context.Context, silence int64, rows []Row) error
}
