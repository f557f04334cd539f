// Package timer puts virgo on a host's timetable and takes it off again: a crontab line, a systemd timer
// or a Task Scheduler entry.
//
// Installing is idempotent: what is there already is brought up to date, nothing else is touched, and a
// second time changes nothing. Every entry carries the host's splay, so that a fleet does not knock on its
// endpoint in the same second: as `run --splay=17s` where the timetable knows only minutes, as
// the second of the minute where it knows them.
package timer

import (
	"context"
	"strings"
	"time"
)

// An Entry is what is to be started once a minute.
type Entry struct {
	// Program is the absolute path of virgo.
	Program string
	// Flags are global flags that every run needs, for example --config=/srv/virgo.yaml.
	Flags []string
	// Splay is how far into the minute this host starts, whole seconds, less than a minute.
	Splay time.Duration
}

// A Timetable is one system's way of starting things.
type Timetable interface {
	// Name for a person: "crontab", "systemd timer", "Task Scheduler".
	Name() string
	// Print gives the entry as it would be written.
	Print(e Entry) string
	// Install writes it; changed is false where it was there already.
	Install(ctx context.Context, e Entry) (changed bool, err error)
	// Uninstall removes it; changed is false where there was none.
	Uninstall(ctx context.Context) (changed bool, err error)
}

// A Caveater is a timetable that may not run always; its caveat says when and what to do, empty where it does.
type Caveater interface {
	Caveat(ctx context.Context) string
}

// A HintError is an error with the next step.
type HintError struct {
	Err  error
	Next string
}

func (e *HintError) Error() string { return e.Err.Error() }
func (e *HintError) Unwrap() error { return e.Err }

// Hint gives the next step.
func (e *HintError) Hint() string { return e.Next }

// firstLine is what of a program's complaint fits into an error.
func firstLine(b []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b)), "\n")
	return line
}
