package watch

import (
	"context"
	"time"
)

// A Cursor is how far a follower of results has come.
type Cursor struct {
	Name string
	// Seq is that of the last result that was passed on.
	Seq int64
	// Sent, Refused and Lost count results that were passed on, that the receiver refuses for ever, and that were deleted
	// before they were passed on.
	Sent, Refused, Lost int64
	// Err is why the last attempt failed; empty if it did not.
	Err string
	At  time.Time
}

// Cursors stores cursors. It is safe for concurrent use.
type Cursors interface {
	// Cursor returns the cursor with that name, and whether there is one.
	Cursor(ctx context.Context, name string) (Cursor, bool, error)
	// SaveCursor stores a cursor.
	SaveCursor(ctx context.Context, c Cursor) error
	// AllCursors returns all cursors, by name.
	AllCursors(ctx context.Context) ([]Cursor, error)
}

// Settings stores a few words of the endpoint's own. It is safe for concurrent use.
type Settings interface {
	// Setting returns "" for one that was never set.
	Setting(ctx context.Context, name string) (string, error)
	SetSetting(ctx context.Context, name, value string) error
}
