// Package timer installs and removes what starts virgo once a minute: a crontab line, a systemd
// timer, a job of launchd or an entry of the Task Scheduler.
//
// Entries start virgo-run where it is installed, otherwise `virgo run` ([RunCommand]). Installing is
// idempotent: it updates virgo's own entry, also that of an earlier virgo, changes nothing else, and
// does nothing the second time. Where the timer can set variables, runs get
// [footprint.OneProcessor]; under systemd, they get a larger timer slack as well. Every entry has the
// host's splay, so that a fleet does not connect to its endpoint in the same second: as `--splay=17s`
// for timers that know only minutes, as the second of the minute for others.
package timer

import (
	"context"
	"strings"
)

// A Scheduler is a service of the system that starts programs.
type Scheduler interface {
	// Name returns its name for people: "crontab", "systemd timer", "launchd".
	Name() string
	// Print returns the entry as Install writes it.
	Print(e Entry) string
	// Install writes the entry; changed is false if it was there already.
	Install(ctx context.Context, e Entry) (changed bool, err error)
	// Uninstall removes the entry; changed is false if there was none.
	Uninstall(ctx context.Context) (changed bool, err error)
}

// A Warner is a Scheduler that may not run all the time: Warning says when, and what to do; empty
// if it does.
type Warner interface {
	Warning(ctx context.Context) string
}

// A HintError is an error with the next step.
type HintError struct {
	Err  error
	Next string
}

func (e *HintError) Error() string { return e.Err.Error() }
func (e *HintError) Unwrap() error { return e.Err }

// Hint returns the next step.
func (e *HintError) Hint() string { return e.Next }

// firstLine returns the first line of a program's output, for an error.
func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line
}
