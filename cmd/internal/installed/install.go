package installed

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"virgo/cmd/internal/atomicfile"
)

// spaceReserve is what must be left on the disk beside a bundle: results need it more.
const spaceReserve = 16 << 20

// ErrNoSpace is returned where a bundle would leave too little space for results.
var ErrNoSpace = errors.New("too little space on the disk")

// ErrNotChecked is wrapped by errors of this host that kept a bundle from being verified. They say nothing of the bundle.
var ErrNotChecked = errors.New("checking the scripts")

// A Candidate is a bundle that was verified: its signature, its form, and what its scripts declare.
type Candidate struct {
	Ref  Ref // SHA256 and Bytes are computed
	File []byte
	// Signatures are by the ending of their files: ".minisig".
	Signatures map[string][]byte
}

// Describe sets what the Ref says of the file's content.
func (c *Candidate) Describe() {
	c.Ref.SHA256, c.Ref.Bytes = digest(c.File), int64(len(c.File))
}

// Install makes a bundle the current one, on trial. The order of its steps makes a crash harmless
// at any point: the file is complete under its own name before "installed" names it. Errors:
// *[NotTakenError], [ErrNoSpace], those of the file system; the current bundle is as before then.
func (l *Locked) Install(c Candidate, allow Allow, now time.Time) (Installed, error) {
	c.Describe()
	i, err := l.Installed()
	if err != nil && !errors.Is(err, ErrDamaged) {
		return i, err
	}
	if !c.Ref.valid() {
		return i, &NotTakenError{Reason: fmt.Sprintf("%q is not a version", c.Ref.Version)}
	}
	if err := i.Accepts(c.Ref, allow, now.UnixMilli()); err != nil {
		return i, err
	}
	return l.install(i, i.trusted(allow.Revoked), c, now)
}

// Restore writes the file of the current bundle again, after it was damaged. Errors: those of the
// file system, and a *[NotTakenError] if it is another file.
func (l *Locked) Restore(c Candidate) error {
	c.Describe()
	i, err := l.Installed()
	if err != nil {
		return err
	}
	if i.Current.SHA256 != c.Ref.SHA256 || i.Current.Version != c.Ref.Version {
		return &NotTakenError{Reason: fmt.Sprintf("%s is not the file that is installed", c.Ref)}
	}
	return l.writeFiles(c)
}

// install replaces what is installed; trusted is what of it may be the way back.
func (l *Locked) install(i, trusted Installed, c Candidate, now time.Time) (Installed, error) {
	if err := l.writeFiles(c); err != nil {
		return i, err
	}
	next := Installed{Current: c.Ref, State: OnTrial, Pin: i.Pin, Refused: i.Refused}
	next.Current.SinceMS = now.UnixMilli()
	next.Previous = l.wayBack(trusted, c.Ref)
	next.Refused = slices.DeleteFunc(slices.Clone(next.Refused), func(r Refusal) bool { return r.SHA256 == c.Ref.SHA256 })
	if err := l.put(next); err != nil {
		return i, err
	}
	l.Collect()
	return next, nil
}

// wayBack returns the previous bundle of one that is installed now: the current one, unless
// that is damaged, or is on trial itself and has one behind it. Two bad ones in a row must not
// leave the first of them.
func (l *Locked) wayBack(i Installed, to Ref) Ref {
	hasPrevious := !i.Previous.IsZero() && i.Previous.SHA256 != to.SHA256
	switch {
	case i.State == OnTrial && hasPrevious && l.verify(i.Previous) == nil:
		return i.Previous
	case !i.Current.IsZero() && l.verify(i.Current) == nil:
		return i.Current
	case hasPrevious:
		return i.Previous
	}
	return Ref{}
}

// writeFiles writes the bundle and its signatures under their own names.
func (l *Locked) writeFiles(c Candidate) error {
	free, err := freeBytes(l.Dir)
	if err != nil {
		return fmt.Errorf("asking for the free space of %q: %w", l.Dir, err)
	}
	if need := 2*int64(len(c.File)) + spaceReserve; free < need {
		return fmt.Errorf("%w of %q: %d MiB are free, and %d MiB are to stay free beside the bundle",
			ErrNoSpace, l.Dir, free>>20, need>>20)
	}
	for _, ending := range slices.Sorted(maps.Keys(c.Signatures)) {
		if !slices.Contains(SignatureEndings(), ending) {
			return fmt.Errorf("a signature in a file %q: want one of %q", ending, SignatureEndings())
		}
		if err := l.writeFile(c.Ref.file()+ending, c.Signatures[ending]); err != nil {
			return err
		}
	}
	return l.writeFile(c.Ref.file(), c.File)
}

func (l *Locked) writeFile(name string, content []byte) error {
	file, err := atomicfile.Create(l.path(name))
	if err != nil {
		return err
	}
	defer file.Discard()
	l.step("created a file")
	if _, err := file.Write(content); err != nil {
		return fmt.Errorf("write %q: %w", l.path(name), err)
	}
	l.step("wrote a file")
	if err := file.Replace(); err != nil {
		return err
	}
	l.step("placed a file")
	return nil
}
