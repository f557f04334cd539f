package watch

import (
	"context"
	"errors"
	"time"
)

// Errors of silences and alarms.
var (
	// ErrNoSuchSilence is returned when no silence has the number.
	ErrNoSuchSilence = errors.New("no such silence")
	// ErrNoSuchState is returned when no alarm has the key.
	ErrNoSuchState = errors.New("no such alarm")
)

// A SilenceKind says what a silence is for; it changes the words, and whether critical alarms pass.
type SilenceKind string

// The kinds of silences.
const (
	OneTime     SilenceKind = "silence"     // From to Until
	Quiet       SilenceKind = "quiet"       // quiet hours, recurring
	Maintenance SilenceKind = "maintenance" // recurring
)

// SilencesKept is how long silences are listed and kept after their end.
const SilencesKept = 90 * 24 * time.Hour

// A Silence holds notifications back, and throws none away.
type Silence struct {
	ID, Version int64
	Kind        SilenceKind
	// Hosts (ids, globs) and Tags select hosts, Rules (globs) select rules; empty: all.
	Hosts, Tags, Rules []string
	// From and Until bound it; zero Until of a recurring one: for ever.
	From, Until time.Time
	// Days (bit 0 is Monday), Start (minutes after midnight), Length and Zone (IANA) are of a recurring one.
	Days   uint8
	Start  int
	Length time.Duration
	Zone   string
	// PassCritical lets critical alarms through.
	PassCritical bool
	Reason, By   string
	Created      time.Time
	// Ended is when somebody ended it, or it was over; zero while it counts.
	Ended time.Time
}

// Silences stores silences. It is safe for concurrent use.
type Silences interface {
	// All returns those that have not ended, and with ended those that ended within SilencesKept too; oldest
	// first.
	All(ctx context.Context, ended bool) ([]Silence, error)
	// Put adds a silence (ID 0, Version 0) or changes one whose Version is still the same. It returns it with ID and
	// Version. Errors: ErrChanged, ErrNoSuchSilence.
	Put(ctx context.Context, s Silence) (Silence, error)
	// Version grows with every change of a silence and every acknowledgement, by whichever process.
	Version(ctx context.Context) (int64, error)
}
