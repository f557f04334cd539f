package notify

import (
	"context"
	"time"

	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule/alarm"
)

// A Driver sends messages by one way. Send is called by a worker, one message after the other,
// and by a test beside it. It returns nil when the message was
// taken over by whoever delivers it. An error has no secret in it; one that wraps *Permanent says that the same message
// will never be taken.
type Driver interface {
	Send(ctx context.Context, m *Message) error
}

// Permanent is the error of a message that will never be taken.
type Permanent struct{ Err error }

func (p *Permanent) Error() string { return p.Err.Error() }
func (p *Permanent) Unwrap() error { return p.Err }

// A Message is what a driver sends. Its texts are sanitized.
type Message struct {
	// ID is the same whenever the same events are sent again by the same notifier.
	ID string
	// Kind is that of all events, AlarmEvent where they differ.
	Kind watch.EventKind
	// State is the worst that its events have now.
	State alarm.State
	// Escalation is 0 for those who are told first.
	Escalation int
	// Title is one line, Text and HTML are the whole message.
	Title, Text, HTML string
	// Link leads to the page, to the time of the events; empty without an address of the page.
	Link string
	// Threads name the alarms, so that mails about the same one are shown together.
	Threads []string
	// At is when it was made.
	At     time.Time
	Events []watch.Event
}
