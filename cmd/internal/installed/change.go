package installed

import (
	"errors"
	"fmt"
	"time"

	"virgo/schedule/semver"
)

// ErrNoPrevious is returned where there is no bundle to go back to.
var ErrNoPrevious = errors.New("there is no previous bundle")

// ErrNoBundle is returned where no bundle is installed.
var ErrNoBundle = errors.New("no bundle is installed")

// SwitchBack returns to the previous bundle, or to none, and refuses the current one from now
// on. from is the SHA-256 of the bundle that was judged: if another one is current by now,
// nothing is changed.
func (l *Locked) SwitchBack(from, reason string, now time.Time) (Installed, error) {
	i, err := l.Installed()
	if err != nil {
		return i, err
	}
	if i.Current.IsZero() {
		return i, ErrNoBundle
	}
	if i.Current.SHA256 != from {
		return i, nil
	}
	next := i
	no := Refusal{Version: i.Current.Version, SHA256: i.Current.SHA256, Reason: reason, AtMS: now.UnixMilli()}
	next.refuse(no)
	next.Back = next.Refused[len(next.Refused)-1]
	next.Current, next.Previous, next.State = i.Previous, Ref{}, NoState
	if !next.Current.IsZero() {
		next.Current.SinceMS, next.State = now.UnixMilli(), Good
		if err := l.verify(next.Current); err != nil {
			next.Current, next.State = Ref{}, NoState
		}
	}
	if next.Pin == i.Current.Version {
		next.Pin = ""
	}
	if err := l.put(next); err != nil {
		return i, err
	}
	l.Collect()
	return next, nil
}

// MarkGood ends the trial of the bundle with this SHA-256.
func (l *Locked) MarkGood(sha256 string) (Installed, error) {
	i, err := l.Installed()
	if err != nil || i.State != OnTrial || i.Current.SHA256 != sha256 {
		return i, err
	}
	next := i
	next.State = Good
	if err := l.put(next); err != nil {
		return i, err
	}
	return next, nil
}

// SetPin sets the only version that is taken; empty: any.
func (l *Locked) SetPin(version string) (Installed, error) {
	i, err := l.Installed()
	if err != nil {
		return i, err
	}
	if version != "" {
		if _, err := semver.Parse(version); err != nil {
			return i, err
		}
	}
	if i.Pin == version {
		return i, nil
	}
	next := i
	next.Pin = version
	if err := l.put(next); err != nil {
		return i, err
	}
	return next, nil
}

// Refuse notes a bundle that was fetched and is not taken, until a time, or until the keys of the settings are others than
// keys ([KeysHash]); empty: other keys would change nothing.
func (l *Locked) Refuse(version, sha256, reason, keys string, now, until time.Time) (Installed, error) {
	i, err := l.Installed()
	if err != nil {
		return i, err
	}
	if _, err := semver.Parse(version); err != nil {
		return i, fmt.Errorf("refusing a bundle: %w", err)
	}
	next := i
	next.refuse(Refusal{
		Version: version, SHA256: sha256, Reason: reason,
		AtMS: now.UnixMilli(), UntilMS: until.UnixMilli(), Keys: keys,
	})
	if err := l.put(next); err != nil {
		return i, err
	}
	return next, nil
}
