package installed

import (
	"cmp"
	"context"

	"virgo/cmd/internal/lines"
	"virgo/schedule/shorttext"
	"virgo/spool"
)

// What a run needs to know of the bundle is in the spool's state as well, in a space of its
// own: a run reads it in the transaction that it makes anyway, and opens no further file
// unless a script is due.
const (
	space       = "bundle"
	summaryKey  = "summary"
	programsKey = "programs" // when another version of the agent's own programs was asked for
	standingKey = "standing" // of the current bundle
	baselineKey = "baseline" // of the previous one, when the current one came
)

// A Getter reads the spool's state; a *spool.Tx is one.
type Getter interface {
	Get(space, key string) []byte
}

// A Putter changes it.
type Putter interface {
	Getter
	Put(space, key string, value []byte) error
	Delete(space, key string) error
}

// A Summary is what the spool's state says of the bundle. The zero value: there is none.
type Summary struct {
	Name, Version, SHA256 string
	State                 State
	SinceMS               int64
	// BackVersion and BackReason say which bundle this host went back from.
	BackVersion, BackReason string
	// RefusedVersion and RefusedReason are of the last one that was not taken since the current one came.
	RefusedVersion, RefusedReason string
	// Refused is how many bundles are not taken again.
	Refused int
	// Trouble is what a run last said of the bundle: why it is not used, or of its key; empty: nothing.
	Trouble string
	Renewal Renewal
}

// A Renewal is when the endpoint was asked for another version, and when it may be asked again.
type Renewal struct {
	// AskedMS is when the endpoint last said which version this host is to have, ms since the epoch.
	AskedMS int64
	// FailedMS and UntilMS bound the pause after Failures failures in a row; UntilMS 0: there is none.
	FailedMS, UntilMS int64
	Failures          int
	// Unfinished means that a download goes on in the next run.
	Unfinished bool
	// DayMS and DayBytes are the day, and what was fetched in it.
	DayMS, DayBytes int64
	// Error is why the last try failed; empty: it did not.
	Error string
	// Keys is the [KeysHash] of the settings if the last try failed for want of a key; empty: it did not.
	Keys string
}

// Fields names the fields and their stored keys.
func (s *Summary) Fields(c *lines.Codec) {
	lines.Text(c, "name", &s.Name)
	lines.Text(c, "version", &s.Version)
	lines.Text(c, "sha256", &s.SHA256)
	lines.Text(c, "state", &s.State)
	lines.Number(c, "since_ms", &s.SinceMS)
	lines.Text(c, "back_version", &s.BackVersion)
	lines.Text(c, "back_reason", &s.BackReason)
	lines.Text(c, "refused_version", &s.RefusedVersion)
	lines.Text(c, "refused_reason", &s.RefusedReason)
	lines.Number(c, "refused", &s.Refused)
	lines.Text(c, "trouble", &s.Trouble)
	s.Renewal.Fields(c)
}

// Fields names the fields and their stored keys.
func (r *Renewal) Fields(c *lines.Codec) {
	lines.Number(c, "asked_ms", &r.AskedMS)
	lines.Number(c, "failed_ms", &r.FailedMS)
	lines.Number(c, "until_ms", &r.UntilMS)
	lines.Number(c, "failures", &r.Failures)
	c.Bool("unfinished", &r.Unfinished)
	lines.Number(c, "day_ms", &r.DayMS)
	lines.Number(c, "day_bytes", &r.DayBytes)
	lines.Text(c, "error", &r.Error)
	lines.Text(c, "keys", &r.Keys)
}

// ReadSummary returns what the spool's state says of the bundle.
func ReadSummary(tx Getter) (s Summary) {
	if b := tx.Get(space, summaryKey); b != nil {
		lines.Parse(b, &s)
	}
	return s
}

// maxStateBytes bounds the text of [Summary.Text].
const maxStateBytes = 256

// Text returns the state as hello says it: "trial", "good", "back 2.0.0: why", "refused 2.0.0:
// why", with "none; " before it where no bundle is installed; empty: there is nothing to say.
func (s Summary) Text() string {
	text := string(s.State)
	switch {
	case s.BackVersion != "":
		text = "back " + s.BackVersion + ": " + s.BackReason
	case s.RefusedVersion != "" && s.State != OnTrial:
		text = "refused " + s.RefusedVersion + ": " + s.RefusedReason
	}
	if text != "" && s.Version == "" {
		text = "none; " + text
	}
	return shorttext.Truncate(text, maxStateBytes)
}

// summaryOf returns what the spool's state is to say of what is installed; what else it said is kept.
func summaryOf(i Installed, old Summary) Summary {
	s := Summary{
		Name: i.Current.Name, Version: i.Current.Version, SHA256: i.Current.SHA256,
		State: i.State, SinceMS: i.Current.SinceMS,
		BackVersion: i.Back.Version, BackReason: i.Back.Reason, Refused: len(i.Refused),
		Trouble: old.Trouble, Renewal: old.Renewal,
	}
	if n := len(i.Refused); n > 0 && i.Back.Version == "" && i.Refused[n-1].AtMS > i.Current.SinceMS {
		s.RefusedVersion, s.RefusedReason = i.Refused[n-1].Version, i.Refused[n-1].Reason
	}
	return s
}

// Store makes the spool's state say what is installed. If another bundle is current than it
// said, how the scripts of the one before did becomes the baseline of the new one. It is called
// after each change of the folder, and by whoever finds that both differ, since a process may
// end between the two.
func Store(tx Putter, i Installed) error {
	old := ReadSummary(tx)
	s := summaryOf(i, old)
	if old.SHA256 != s.SHA256 {
		if err := turnStanding(tx, i); err != nil {
			return err
		}
	}
	if s == (Summary{}) {
		return tx.Delete(space, summaryKey)
	}
	return tx.Put(space, summaryKey, lines.Append(nil, &s))
}

// turnStanding keeps the standing of the bundle that was current, as the baseline of the one that
// is. After a way back, the baseline is what the current bundle had before. If the way back leads
// past the one that was current, how that one did is no baseline: a bad bundle would be as good as
// the bad one before it.
func turnStanding(tx Putter, i Installed) error {
	standing, baseline := tx.Get(space, standingKey), tx.Get(space, baselineKey)
	if about(baseline) == i.Current.SHA256 && i.Current.SHA256 != "" {
		if err := tx.Put(space, standingKey, baseline); err != nil {
			return err
		}
		return tx.Delete(space, baselineKey)
	}
	if about(standing) == i.Current.SHA256 {
		return nil
	}
	if standing == nil || i.Current.IsZero() {
		return tx.Delete(space, standingKey)
	}
	if !i.Previous.IsZero() && about(standing) != i.Previous.SHA256 {
		if about(baseline) != i.Previous.SHA256 {
			if err := tx.Delete(space, baselineKey); err != nil {
				return err
			}
		}
		return tx.Delete(space, standingKey)
	}
	if err := tx.Put(space, baselineKey, standing); err != nil {
		return err
	}
	return tx.Delete(space, standingKey)
}

// PutRenewal stores when the endpoint was asked.
func PutRenewal(tx Putter, r Renewal) error {
	s := ReadSummary(tx)
	s.Renewal = r
	return tx.Put(space, summaryKey, lines.Append(nil, &s))
}

// PutTrouble stores what a run says of the bundle.
func PutTrouble(tx Putter, text string) error {
	s := ReadSummary(tx)
	s.Trouble = text
	return tx.Put(space, summaryKey, lines.Append(nil, &s))
}

// ReadPrograms returns when the endpoint was asked for other programs of the agent, and may be again.
func ReadPrograms(tx Getter) (r Renewal) {
	if b := tx.Get(space, programsKey); b != nil {
		lines.Parse(b, &r)
	}
	return r
}

// PutPrograms stores what ReadPrograms returns.
func PutPrograms(tx Putter, r Renewal) error {
	return tx.Put(space, programsKey, lines.Append(nil, &r))
}

// Differs reports whether the spool's state does not say what is installed.
func (s Summary) Differs(i Installed) bool { return s != summaryOf(i, s) }

// Save is [Store] in a transaction of its own.
func Save(ctx context.Context, sp *spool.Spool, i Installed) error {
	return sp.Update(ctx, func(tx *spool.Tx) error { return Store(tx, i) })
}

// VersionOr returns the version for hello: that of the bundle, or the program's where there is none.
func (s Summary) VersionOr(program string) string { return cmp.Or(s.Version, program) }
