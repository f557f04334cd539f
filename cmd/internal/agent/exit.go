package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/cmd/internal/config"
	"virgo/cmd/internal/link"
	"virgo/schedule/shorttext"
	"virgo/spool"
)

// The exit codes. Scripts treat every other code as a failure.
const (
	ExitOK           = 0
	ExitUnexpected   = 1
	ExitUsage        = 2
	ExitBusy         = 3
	ExitNotDelivered = 4
	ExitLost         = 5
	// ExitInterrupted is for Ctrl-C, and ExitTerminated for SIGTERM, as a shell has them: 128 and the
	// number of the signal.
	ExitInterrupted = 130
	ExitTerminated  = 143
)

// ExitCodes ends every command's help.
const ExitCodes = `Exit codes:
  0  done: all results are delivered or stored
  1  unexpected error
  2  invalid configuration or usage
  3  locked by another run
  4  not delivered (run --strict, flush)
  5  results were lost (spool full or damaged, disk full)
130  interrupted by Ctrl-C (by SIGTERM: 143)
`

// An ExitError ends the program with its code. Err is nil if everything was printed already.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit code %d", e.Code)
	}
	return e.Err.Error()
}
func (e *ExitError) Unwrap() error { return e.Err }

// WithCode has an error end the program with that exit code.
func WithCode(code int, err error) error { return &ExitError{code, err} }

// UsageError returns an error that the user can correct on the command line.
func UsageError(format string, args ...any) error {
	return &ExitError{ExitUsage, fmt.Errorf(format, args...)}
}

// A hinter is an error with the next step.
type hinter interface{ Hint() string }

// WithHint adds the next step to an error.
func WithHint(err error, next string) error { return withHint{err, next} }

type withHint struct {
	error
	next string
}

func (e withHint) Hint() string  { return e.next }
func (e withHint) Unwrap() error { return e.error }

// ExitCode returns the exit code for an error.
func ExitCode(err error) int {
	var own *ExitError
	var configError *link.ConfigError
	var mode *spool.ModeError
	var owner *spool.OwnerError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &own):
		return own.Code
	case errors.As(err, &configError), errors.As(err, &mode), errors.As(err, &owner), config.IsError(err):
		return ExitUsage
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.Is(err, spool.ErrLocked):
		return ExitBusy
	default:
		return ExitUnexpected
	}
}

// PrintError prints an error and its hint, of an interruption with what is kept. No other function prints errors.
func PrintError(w io.Writer, err error) {
	var own *ExitError
	if errors.As(err, &own) && own.Err == nil {
		return
	}
	if errors.Is(err, context.Canceled) {
		line := "virgo: interrupted"
		if kept := Hint(err); kept != "" {
			line += ": " + OneLine(kept)
		}
		fmt.Fprintln(w, line)
		return
	}
	fmt.Fprintln(w, "virgo: error: "+OneLine(err.Error()))
	if hint := Hint(err); hint != "" {
		fmt.Fprintln(w, "virgo: hint: "+OneLine(hint))
	}
}

// Hint returns the next step that an error has; empty if it has none.
func Hint(err error) string {
	var h hinter
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// OneLine returns an error as one line that is safe for a terminal, for the mail that cron sends.
func OneLine(s string) string {
	return shorttext.Sanitize(strings.ReplaceAll(strings.TrimSpace(s), "\n", "; "))
}
