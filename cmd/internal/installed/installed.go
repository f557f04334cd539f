package installed

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"virgo/cmd/internal/lines"
	"virgo/schedule/semver"
	"virgo/schedule/shorttext"
)

// A State is how the current bundle does.
type State string

// The states. A bundle is on trial until [Standing.Verdict] finds that it does no worse than the
// one before.
const (
	NoState State = ""
	OnTrial State = "trial"
	Good    State = "good"
)

// Installed is what the file "installed" says. The zero value: there is no bundle.
type Installed struct {
	Current, Previous Ref
	State             State // of Current
	// Back is the bundle that this host went back from, until the next one is installed; its
	// Version is empty if there was none.
	Back Refusal
	// Pin is the only version that is taken; empty: the newest.
	Pin     string
	Refused []Refusal // oldest first
}

const (
	truthName = "installed"
	// maxTruthBytes bounds the file, maxRefused its refusals, maxReasonBytes the text of one.
	maxTruthBytes  = 64 << 10
	maxRefused     = 16
	maxReasonBytes = 240
)

// ErrDamaged is returned for a file "installed" that is not as it was written. There is no bundle then.
var ErrDamaged = errors.New("the record of the installed bundle is damaged")

// Fields names the fields and their stored keys.
func (i *Installed) Fields(c *lines.Codec) {
	i.Current.fields(c, "current_")
	i.Previous.fields(c, "previous_")
	lines.Text(c, "state", &i.State)
	lines.Text(c, "pin", &i.Pin)
	c.Texts("back", func() []string {
		if i.Back.Version == "" {
			return nil
		}
		return []string{i.Back.text()}
	}, func(text string) { i.Back, _ = parseRefusal(text) })
	c.Texts("refused", func() []string {
		texts := make([]string, len(i.Refused))
		for n, r := range i.Refused {
			texts[n] = r.text()
		}
		return texts
	}, func(text string) {
		if r, ok := parseRefusal(text); ok && len(i.Refused) < maxRefused {
			i.Refused = append(i.Refused, r)
		}
	})
	c.Texts("refused_keys", func() (texts []string) {
		for _, r := range i.Refused {
			if r.Keys != "" {
				texts = append(texts, r.keysText())
			}
		}
		return texts
	}, func(text string) { setKeys(i.Refused, text) })
}

// encode returns the file's bytes: a line with the checksum of the lines that follow.
func (i Installed) encode() []byte {
	body := lines.Append(nil, &i)
	return append([]byte("sha256 "+digest(body)+"\n"), body...)
}

// parse reads the file's bytes. Error: ErrDamaged.
func parse(b []byte) (i Installed, err error) {
	first, body, _ := bytes.Cut(b, []byte("\n"))
	if sum, ok := bytes.CutPrefix(first, []byte("sha256 ")); !ok || string(sum) != digest(body) {
		return Installed{}, ErrDamaged
	}
	lines.Parse(body, &i)
	for _, r := range []Ref{i.Current, i.Previous} {
		if !r.IsZero() && !r.valid() {
			return Installed{}, ErrDamaged
		}
	}
	return i, nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Installed reads which bundle is installed, without a lock. That there is none is no error.
// Errors: [ErrDamaged], and those of the file system.
func (f *Folder) Installed() (Installed, error) {
	file, err := openRegular(f.path(truthName))
	if errors.Is(err, fs.ErrNotExist) {
		return Installed{}, nil
	}
	if err != nil {
		return Installed{}, fmt.Errorf("reading which bundle is installed: %w", err)
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, maxTruthBytes+1))
	if err != nil {
		return Installed{}, fmt.Errorf("reading which bundle is installed: %w", err)
	}
	i, err := parse(b)
	if err != nil {
		return i, fmt.Errorf("%s: %w", f.path(truthName), err)
	}
	return i, nil
}

// openRegular opens a file unless it is no regular one: opening a pipe waits for a writer.
func openRegular(path string) (*os.File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// A NotTakenError is returned for a bundle that this host does not take.
type NotTakenError struct {
	Reason string
	Next   string // the next step; empty: there is none
	// Same means that it is the current bundle.
	Same bool
}

func (e *NotTakenError) Error() string { return e.Reason }

// Hint returns the next step.
func (e *NotTakenError) Hint() string { return e.Next }

// Allow is what [Installed.Accepts] accepts besides: a person says so, or the settings.
type Allow struct {
	Downgrade bool // an older version, or another bundle
	Refused   bool // a version that was refused, or that this host went back from
	// Paused is for a version that was refused for a time: a person waits for no pause.
	Paused bool
	// Keys is the [KeysHash] of the settings: what was refused for want of another key is taken with it.
	Keys string
	// Revoked says which keys are revoked, by their ids; nil: none. No version is older than what such a key signed.
	Revoked func(keyID string) bool
}

// trusted returns what is installed without a current bundle by a revoked key, as [Folder.Use] sees it.
func (i Installed) trusted(revoked func(keyID string) bool) Installed {
	if revoked == nil || i.Current.IsZero() || !revoked(i.Current.Key) {
		return i
	}
	i.Current, i.Previous, i.State = i.Previous, Ref{}, NoState
	if !i.Current.IsZero() {
		i.State = Good
	}
	return i.trusted(revoked)
}

// Accepts returns why a bundle is not taken, as a *[NotTakenError]; nil: it is. nowMS ends
// refusals that have an end.
func (i Installed) Accepts(r Ref, allow Allow, nowMS int64) error {
	version, err := semver.Parse(r.Version)
	if err != nil {
		return &NotTakenError{Reason: err.Error()}
	}
	if i.Current.SHA256 == r.SHA256 && r.SHA256 != "" {
		return &NotTakenError{Reason: r.String() + " is installed already", Same: true}
	}
	if i.Pin != "" && i.Pin != r.Version {
		return &NotTakenError{
			Reason: fmt.Sprintf("%s is not the version %s that this host is pinned to", r, i.Pin),
			Next:   "virgo bundle pin none",
		}
	}
	for _, no := range i.Refused {
		if no.isOf(r) && no.holds(allow, nowMS) {
			return &NotTakenError{
				Reason: fmt.Sprintf("%s is not taken again: %s", r, no.Reason),
				Next:   "virgo bundle update FILE --force takes it all the same",
			}
		}
	}
	if i = i.trusted(allow.Revoked); i.Current.IsZero() || allow.Downgrade {
		return nil
	}
	const next = "virgo bundle update FILE --allow-downgrade installs it all the same"
	if r.Name != i.Current.Name {
		return &NotTakenError{
			Reason: fmt.Sprintf("it is bundle %q, and bundle %q is installed", r.Name, i.Current.Name), Next: next,
		}
	}
	current, err := semver.Parse(i.Current.Version)
	if err != nil {
		return nil // it was valid when it was installed
	}
	switch order := version.Compare(current); {
	case order == 0 && r.SHA256 == "":
		return &NotTakenError{Reason: r.String() + " is installed already", Same: true}
	case order == 0:
		return &NotTakenError{Reason: fmt.Sprintf("%s is installed, with another content", i.Current), Next: next}
	case order < 0:
		return &NotTakenError{
			Reason: fmt.Sprintf("%s is older than %s, which is installed", r, i.Current.Version), Next: next,
		}
	}
	return nil
}

// holds reports whether a refusal still stands.
func (r Refusal) holds(allow Allow, nowMS int64) bool {
	switch {
	case allow.Refused, r.Keys != "" && allow.Keys != "" && r.Keys != allow.Keys:
		return false
	case r.UntilMS == 0:
		return true
	}
	return !allow.Paused && r.AtMS <= nowMS && nowMS < r.UntilMS
}

// RefusedFor returns how many bundles are refused for a time that has not ended.
func (i Installed) RefusedFor(now time.Time) (n int) {
	for _, r := range i.Refused {
		if r.AtMS <= now.UnixMilli() && now.UnixMilli() < r.UntilMS {
			n++
		}
	}
	return n
}

// refuse adds a refusal, in place of one of the same content, and drops one beyond
// maxRefused: the oldest of those that end by themselves, because an endpoint can cause as
// many of them as it likes.
func (i *Installed) refuse(r Refusal) {
	r.Reason = shorttext.Truncate(shorttext.Sanitize(r.Reason), maxReasonBytes)
	i.Refused = slices.DeleteFunc(slices.Clone(i.Refused), func(o Refusal) bool {
		return o.Version == r.Version && o.SHA256 == r.SHA256
	})
	if i.Refused = append(i.Refused, r); len(i.Refused) > maxRefused {
		at := max(0, slices.IndexFunc(i.Refused, func(o Refusal) bool { return o.UntilMS != 0 }))
		i.Refused = slices.Delete(i.Refused, at, at+1)
	}
}
