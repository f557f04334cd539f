package releases

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"virgo/cmd/virgo-endpoint/internal/folder"
	"virgo/schedule/semver"
	"virgo/schedule/signature"
)

// Reasons why nothing is published, besides those of packages signature and scriptbundle.
var (
	// ErrNoKey is returned where no key is known whose signatures are accepted.
	ErrNoKey = errors.New("no key is known whose signatures are accepted")
	// ErrNotNewer is returned for a version that agents would refuse as an older one.
	ErrNotNewer = errors.New("it is not newer")
	// ErrExists is returned for another content of a version that was published.
	ErrExists = errors.New("this version was published with another content")
	// ErrWithdrawn is returned for a version that was withdrawn.
	ErrWithdrawn = errors.New("this version was withdrawn")
)

// A Publication is what a person wants published.
type Publication struct {
	File []byte
	// Signatures are those that lie beside the file.
	Signatures signature.Signatures
	// Key is the text of a further key to accept; empty: none.
	Key     string
	Channel string
	Percent int
	Tags    []string
}

// A Plan is a change that was found valid. Before and After are the roll-out; Before is nil
// for the first version.
type Plan struct {
	Channel, Name string
	Before, After *Rollout
	// Release is what is published; nil where only the roll-out changes. NewKey is a key that is
	// kept with it.
	Release *Release
	NewKey  *signature.Key

	next       *Channels
	file       []byte
	signatures signature.Signatures
}

// Plan verifies what agents verify, and what only the endpoint can see. It changes nothing.
func (s *Store) Plan(p Publication) (*Plan, error) {
	channels, err := s.Channels()
	if err != nil {
		return nil, err
	}
	if err := CheckName(p.Channel); err != nil {
		return nil, fmt.Errorf("channel %w", err)
	}
	release := &Release{Bytes: int64(len(p.File)), Signatures: map[string]string{}, PublishedMS: s.now().UnixMilli()}
	newKey, err := s.verify(&p, release)
	if err != nil {
		return nil, err
	}
	name, version, err := read(p.File)
	if err != nil {
		return nil, err
	}
	release.Version, release.File, release.SHA256 = version, fileName(name, version), hash(p.File)
	known, err := channels.known(name, release)
	if err != nil {
		return nil, err
	}
	before := channels.Rollout(p.Channel, name)
	after, err := before.publish(release, p.Percent, p.Tags)
	if err != nil {
		return nil, fmt.Errorf("channel %q: %w", p.Channel, err)
	}
	if known { // in whatever channel: who signed it may have changed, and that of every channel is the same file
		channels = channels.resigned(name, release)
	}
	plan := &Plan{Channel: p.Channel, Name: name, Before: before, After: after, Release: release, NewKey: newKey,
		next: channels.set(p.Channel, name, after), file: p.File, signatures: p.Signatures}
	return plan, plan.next.check()
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// verify verifies every signature, before anything of the file is read. It returns the key of the
// publication where that is not among those of the folder.
func (s *Store) verify(p *Publication, release *Release) (newKey *signature.Key, err error) {
	ring, err := s.Keys()
	if err != nil {
		return nil, err
	}
	if p.Key != "" {
		key, err := signature.ParseKey(p.Key)
		if err != nil {
			return nil, fmt.Errorf("the key: %w", err)
		}
		if !slices.ContainsFunc(ring, key.Equal) {
			ring, newKey = append(ring, key), &key
		}
	}
	switch {
	case len(p.File) > MaxBytes:
		return nil, fmt.Errorf("it has more than %d bytes", MaxBytes)
	case len(ring) == 0 && len(p.Signatures) > 0:
		return nil, ErrNoKey
	}
	signed, err := ring.VerifyAll(p.File, p.Signatures, s.now())
	if err != nil {
		return nil, err
	}
	release.SignedBy = signed.Key.ID
	for ending, sig := range p.Signatures {
		release.Signatures[ending] = hash(sig)
	}
	return newKey, nil
}

// known reports whether some channel has this release already. Errors: ErrExists,
// ErrWithdrawn.
func (c *Channels) known(name string, release *Release) (known bool, err error) {
	for channel, of := range c.Channels {
		r := of.Bundles[name]
		if r == nil {
			continue
		}
		for i := range r.Releases {
			one := &r.Releases[i]
			if same, err := sameVersion(one.Version, release.Version); err != nil || !same {
				continue
			}
			if one.SHA256 != release.SHA256 {
				return false, fmt.Errorf("%s %s, channel %q: %w (SHA-256 %.12s…)",
					name, one.Version, channel, ErrExists, one.SHA256)
			}
			if one.Withdrawn {
				return false, fmt.Errorf("%s %s, channel %q: %w", name, one.Version, channel, ErrWithdrawn)
			}
			known = true
		}
	}
	return known, nil
}

func sameVersion(a, b string) (bool, error) {
	v, err := semver.Parse(a)
	if err != nil {
		return false, err
	}
	w, err := semver.Parse(b)
	return err == nil && v.Compare(w) == 0, err
}

// resigned returns a copy in which every channel has the signatures of a release.
func (c *Channels) resigned(name string, release *Release) *Channels {
	next := c
	for channel, of := range c.Channels {
		r := of.Bundles[name]
		if r == nil || r.release(release.Version) == nil {
			continue
		}
		r = r.clone()
		one := r.release(release.Version)
		one.Signatures, one.SignedBy = release.Signatures, release.SignedBy
		next = next.set(channel, name, r)
	}
	return next
}

func (r *Rollout) clone() *Rollout {
	next := *r
	next.Tags, next.Releases = slices.Clone(r.Tags), slices.Clone(r.Releases)
	return &next
}

// publish returns the roll-out of a release. r is nil for the first version.
func (r *Rollout) publish(release *Release, percent int, tags []string) (*Rollout, error) {
	next := &Rollout{}
	if r != nil {
		next = r.clone()
	}
	version, err := semver.Parse(release.Version)
	if err != nil {
		return nil, err
	}
	known := false
	for i := range next.Releases {
		one := &next.Releases[i]
		older, err := semver.Parse(one.Version)
		if err != nil {
			return nil, err
		}
		switch order := version.Compare(older); {
		case order == 0:
			known = true
			one.Signatures, one.SignedBy = maps.Clone(release.Signatures), release.SignedBy
		case order < 0 && (one.Version == next.Target || !known):
			return nil, fmt.Errorf(
				"%s: %w than %s, which was published before; agents that have that one would refuse it",
				release.Version, ErrNotNewer, one.Version)
		}
	}
	if !known {
		next.Releases = append(next.Releases, *release)
	}
	if next.Target != release.Version {
		if next.complete() {
			next.Before = next.Target
		}
		next.Target = release.Version
	}
	next.Percent, next.Tags, next.Paused = percent, slices.Clone(tags), false
	return next, nil
}

// Change plans another roll-out of what was published. Error: those of f, and one if there is nothing.
func (s *Store) Change(channel, name string, f func(*Rollout) error) (*Plan, error) {
	channels, err := s.Channels()
	if err != nil {
		return nil, err
	}
	before := channels.Rollout(channel, name)
	if before == nil {
		return nil, &NothingError{channel, name, slices.Sorted(maps.Keys(channels.Channels))}
	}
	after := before.clone()
	if err := f(after); err != nil {
		return nil, err
	}
	plan := &Plan{Channel: channel, Name: name, Before: before, After: after, next: channels.set(channel, name, after)}
	return plan, plan.next.check()
}

// A NothingError is returned for a bundle that was never published in a channel.
type NothingError struct {
	Channel, Name string
	// Channels are those that there are.
	Channels []string
}

func (e *NothingError) Error() string {
	return fmt.Sprintf("no bundle %q was published in channel %q", e.Name, e.Channel)
}

// Apply makes a planned change: the files, and at last channels.json. The lock of the endpoint's
// folder was held since Plan.
func (s *Store) Apply(p *Plan) error {
	if err := s.makeFolder(""); err != nil {
		return err
	}
	if p.NewKey != nil {
		if err := s.addKey(*p.NewKey); err != nil {
			return err
		}
	}
	if p.Release != nil {
		path := filepath.Join(s.dir, p.Release.File)
		if err := folder.WriteFile(path, p.file, fileMode); err != nil {
			return err
		}
		for ending, sig := range p.signatures {
			if err := folder.WriteFile(path+ending, sig, fileMode); err != nil {
				return err
			}
		}
	}
	if err := s.write(p.next); err != nil {
		return err
	}
	s.removeOld(p.next, p.Before)
	return nil
}
