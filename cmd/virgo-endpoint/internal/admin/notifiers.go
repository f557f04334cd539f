package admin

import (
	"context"
	"fmt"

	"virgo/cmd/virgo-endpoint/internal/watch"
)

// NotSent is returned when whoever delivers messages did not take one over.
type NotSent struct{ Err error }

func (e *NotSent) Error() string { return e.Err.Error() }
func (e *NotSent) Unwrap() error { return e.Err }

// TestNotifier sends a test message by a notifier, which only its name in notify.yaml selects: nothing else of where it
// goes or what it says comes from whoever asks. Errors: ErrNotFound, *NotSent.
func (a *Admin) TestNotifier(ctx context.Context, by watch.Actor, name string) error {
	if err := a.may(by, watch.NotifiersScope); err != nil {
		return err
	}
	if a.Options.TestNotifier == nil {
		return fmt.Errorf("the notifier %q: %w", name, ErrNotFound)
	}
	// Without the lock: it may take a while, and changes nothing here.
	return a.do(ctx, by, record{action: "test notifier", object: name}, func() error {
		if err := a.Options.TestNotifier(ctx, name); err != nil {
			return &NotSent{err}
		}
		return nil
	})
}
