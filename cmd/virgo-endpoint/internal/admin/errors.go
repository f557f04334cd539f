package admin

import (
	"errors"
	"fmt"
	"strings"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/cmd/virgo-endpoint/internal/watch"
	"virgo/schedule"
)

// Errors of changes, besides those of intake and watch.
var (
	// ErrNotFound is returned when what is to be changed does not exist.
	ErrNotFound = errors.New("it does not exist")
	// ErrTooMany is returned for more than ten changes a second.
	ErrTooMany = errors.New("too many changes: at most ten a second")
	// ErrWider is returned when an actor would make a token or a person that may do more than the actor.
	ErrWider = errors.New("nobody gives rights that they do not have themselves")
)

// A ScopeError is returned when an actor lacks a scope.
type ScopeError struct {
	// Scopes are those one of which is needed.
	Scopes []watch.Scope
}

func (e *ScopeError) Error() string {
	return "this needs the scope " + strings.Join(watch.ScopeNames(e.Scopes), " or ")
}

// An Invalid is returned for a change that is not valid.
type Invalid struct {
	// Problems are its mistakes, with their lines where it is a file.
	Problems []schedule.Problem
}

func (e *Invalid) Error() string {
	text := e.Problems[0].Err.Error()
	if folder.PlaceOf(e.Problems[0]).File != "" {
		text = folder.Describe(e.Problems[0])
	}
	if n := len(e.Problems) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

// Unwrap returns what is wrong.
func (e *Invalid) Unwrap() []error {
	list := make([]error, len(e.Problems))
	for i := range e.Problems {
		list[i] = e.Problems[i].Err
	}
	return list
}

// invalid is an Invalid of one mistake.
func invalid(format string, args ...any) error {
	return &Invalid{[]schedule.Problem{{Err: fmt.Errorf(format, args...)}}}
}
