package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/virgo/internal/agent"
	"virgo/cmd/virgo/internal/config"
	"virgo/spool"
)

// The exit codes; DESIGN: a code that is not listed is a failure as well.
const (
	exitOK           = 0
	exitUnexpected   = 1
	exitUsage        = 2
	exitBusy         = 3
	exitNotDelivered = 4
	exitLost         = 5
)

// exitCodes ends every command's help.
const exitCodes = `Exit codes:
  0  done: the results are safe, delivered or kept
  1  unexpected error
  2  configuration or usage
  3  another run holds what this one needs
  4  not delivered (run --strict, flush)
  5  results were lost (spool full, disk full)
`

// An exitError ends the program with a code of its own. Err may be nil where all was said already.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }

// usageError makes err one of the kind that its user can mend by other words.
func usageError(format string, args ...any) error {
	return &exitError{exitUsage, fmt.Errorf(format, args...)}
}

// A hinter is an error that knows the next step.
type hinter interface{ Hint() string }

// withHint adds the next step to an error.
type withHint struct {
	error
	next string
}

func (e withHint) Hint() string  { return e.next }
func (e withHint) Unwrap() error { return e.error }

// exitCode maps an error to the contract.
func exitCode(err error) int {
	var own *exitError
	var owners *agent.ConfigError
	var mode *spool.ModeError
	var owner *spool.OwnerError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &own):
		return own.code
	case errors.As(err, &owners), errors.As(err, &mode), errors.As(err, &owner), config.IsOwners(err):
		return exitUsage
	case errors.Is(err, spool.ErrLocked):
		return exitBusy
	default:
		return exitUnexpected
	}
}

// printError is the one place where an error reaches a person.
func printError(w io.Writer, err error) {
	var own *exitError
	if errors.As(err, &own) && own.err == nil {
		return
	}
	if errors.Is(err, context.Canceled) {
		fmt.Fprintln(w, "virgo: interrupted: what was seen is kept")
		return
	}
	fmt.Fprintln(w, "virgo: error: "+oneLine(err.Error()))
	var h hinter
	if errors.As(err, &h) && h.Hint() != "" {
		fmt.Fprintln(w, "virgo: hint: "+oneLine(h.Hint()))
	}
}

// oneLine keeps a joined error to one line of the log that cron mails.
func oneLine(s string) string { return strings.ReplaceAll(strings.TrimSpace(s), "\n", "; ") }
