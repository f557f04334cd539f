package renewal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/cmd/internal/link"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/semver"
	"virgo/schedule/shorttext"
	"virgo/schedule/signature"
	"virgo/spool"
	"virgo/transport"
)

const (
	// maxFetchedADay bounds what an endpoint can make this host fetch.
	maxFetchedADay = 64 << 20
	// refusedFor is how long the same content is not fetched again after it was refused.
	refusedFor = 24 * time.Hour
	// refusalsOfADay is how many bundles may be refused before there is a pause after each:
	// otherwise each run would wait for the next one.
	refusalsOfADay = 3
	day            = 24 * time.Hour
	// maxFileName bounds the name of a file that an endpoint offers.
	maxFileName   = 200
	maxErrorBytes = 512
)

// A Renewal renews the bundle of one host from its endpoint.
type Renewal struct {
	// Link has the endpoint, its spool and what is printed. BundleName and BundleChannel say what
	// is asked for.
	Link     link.Config
	Folder   *installed.Folder
	Verifier Verifier
	// Manual means that a person waits for it: neither a pause nor the amount of a day prevents it.
	Manual bool
	// CheckOnly ends before anything is fetched.
	CheckOnly bool
	Allow     installed.Allow
	// Keys is the installed.KeysHash of the settings: what was refused for want of another key is tried with it.
	Keys string
	// Hook is called at each step; nil: not called. It is for tests, which end the process there.
	Hook func(step string)
}

// An Outcome is what a renewal found and did.
type Outcome struct {
	// Before and After are the current bundles.
	Before, After installed.Ref
	// Offered is the version that the endpoint has for this host; empty: none.
	Offered string
	// NotTaken is why the version that the endpoint offers is not fetched; nil: it is, or there is none.
	NotTaken *installed.NotTakenError
	// Unfinished means that much was fetched, and that the next run continues.
	Unfinished bool
}

// A RefusedError is returned for a bundle that was fetched, or its signature, and is not taken.
type RefusedError struct {
	Version string
	Err     error
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("bundle %s of the endpoint is not taken: %v", e.Version, e.Err)
}

// Unwrap returns the reason.
func (e *RefusedError) Unwrap() error { return e.Err }

// A state has what the steps of one renewal know.
type state struct {
	*Renewal
	fetching
	locked    *installed.Locked
	installed installed.Installed
	renewal   installed.Renewal
	out       Outcome
	restoring bool // the file of the current bundle is damaged, and the endpoint has it
}

// Run asks the endpoint for this host's version and installs it if it is to be taken. Errors:
// [installed.ErrBusy], *[RefusedError], those of the connection and of the file system. Whatever
// fails, the current bundle is as before.
func (r *Renewal) Run(ctx context.Context) (Outcome, error) {
	l, err := r.Folder.Lock()
	if err != nil {
		return Outcome{}, err
	}
	defer l.Unlock()
	r.Allow.Keys, r.Allow.Revoked = r.Keys, r.Verifier.Ring.Revokes
	s := &state{Renewal: r, locked: l}
	s.fetching = fetching{
		folder: l, most: scriptbundle.MaxBundleBytes, known: s.isKnownKey, before: s.spend, hook: r.Hook,
	}
	err = s.run(ctx)
	s.close()
	s.out.Unfinished = s.unfinished
	if saved := s.conclude(ctx, err); saved != nil && err == nil {
		err = saved
	}
	return s.out, err
}

// run goes through the steps. Each of them may be the last one of this run.
func (s *state) run(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if offered, err := s.ask(ctx); err != nil || !offered || s.CheckOnly {
		return err
	}
	if len(s.Verifier.Ring) == 0 {
		return ErrNoSigners
	}
	if err := s.fetchSignatures(ctx); err != nil {
		if errors.Is(err, signature.ErrUnknownKey) {
			return s.refuse(s.wanted.SHA256, err)
		}
		return err
	}
	if err := s.fetchFile(ctx); err != nil {
		return err
	}
	return s.install(ctx)
}

// begin reads what earlier runs left, and makes the spool's state say what is installed.
func (s *state) begin(ctx context.Context) error {
	var err error
	if s.installed, err = s.locked.Installed(); err != nil && !errors.Is(err, installed.ErrDamaged) {
		return err
	}
	s.out.Before, s.out.After = s.installed.Current, s.installed.Current
	st, err := s.Link.State(ctx)
	if err != nil {
		return err
	}
	if s.renewal = st.Bundle.Renewal; s.renewal.Keys != "" {
		s.renewal.Keys = s.Keys // they are tried now, once
	}
	if st.Bundle.Differs(s.installed) {
		if err := s.save(ctx); err != nil {
			return err
		}
	}
	s.locked.Collect()
	s.source = newSource(&s.Link)
	return nil
}

// ask asks which version this host is to have, and reports whether it is to be fetched.
func (s *state) ask(ctx context.Context) (bool, error) {
	offer, err := link.FetchBundleVersion(ctx, &s.Link, s.Manual)
	if err != nil {
		return false, err
	}
	s.step("asked")
	now := s.Link.Now()
	s.renewal.AskedMS, s.renewal.Unfinished = now.UnixMilli(), false
	if offer.Version == link.NoVersion || offer.Version == "" {
		return false, drop(s.locked)
	}
	offer.File = cmp.Or(offer.File, "bundle-"+s.Link.BundleName+"-"+offer.Version+".zip")
	if s.wanted, err = readOffer(offer, "a bundle", s.most, s.Link.BundleChannel); err != nil {
		return false, err
	}
	s.out.Offered = offer.Version
	ref := installed.Ref{Name: s.Link.BundleName, Version: offer.Version, SHA256: offer.SHA256}
	err = s.installed.Accepts(ref, s.Allow, now.UnixMilli())
	if err == nil {
		return true, nil
	}
	if !errors.As(err, &s.out.NotTaken) {
		return false, err
	}
	if s.out.NotTaken.Same && s.Folder.IsDamaged() {
		s.out.NotTaken, s.restoring = nil, true
		return true, nil
	}
	if !s.out.NotTaken.Same { // the endpoint will say it again in each session
		s.renewal.FailedMS, s.renewal.UntilMS = now.UnixMilli(), now.Add(transport.RenewalPause).UnixMilli()
	}
	return false, drop(s.locked)
}

// readOffer returns what is to be fetched, after what the endpoint said was checked.
func readOffer(o link.Offer, what string, most int64, channel string) (download, error) {
	if _, err := semver.Parse(o.Version); err != nil {
		return download{}, fmt.Errorf("the endpoint offers %s whose version is none: %w", what, err)
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_+"
	if len(o.File) > maxFileName || strings.Trim(o.File, letters) != "" || strings.HasPrefix(o.File, ".") {
		return download{}, fmt.Errorf("the endpoint offers a file with the name %.64q", o.File)
	}
	if o.Bytes < 0 || o.Bytes > most {
		return download{}, fmt.Errorf("the endpoint offers %s of %d bytes; at most %d are allowed", what, o.Bytes, most)
	}
	if o.SHA256 != "" && (len(o.SHA256) != 64 || strings.Trim(o.SHA256, "0123456789abcdef") != "") {
		return download{}, fmt.Errorf("the endpoint offers %s whose SHA-256 is %.80q", what, o.SHA256)
	}
	return download{Version: o.Version, File: o.File, Channel: channel, Bytes: o.Bytes, SHA256: o.SHA256}, nil
}

// refuse notes that this content is not taken for some time, and removes it.
func (s *state) refuse(sha256 string, reason error) error {
	now, keys := s.Link.Now(), ""
	if isForKeys(reason) {
		keys = s.Keys
	}
	s.renewal.Keys = keys
	next, err := s.locked.Refuse(s.wanted.Version, sha256, reason.Error(), keys, now, now.Add(refusedFor))
	if err == nil {
		s.installed = next
		s.step("refused")
		err = drop(s.locked)
	}
	if err != nil {
		return errors.Join(reason, err)
	}
	return &RefusedError{Version: s.wanted.Version, Err: reason}
}

// isForKeys reports whether a bundle is refused for the keys of the settings: with others it may be good.
func isForKeys(reason error) bool {
	return errors.Is(reason, signature.ErrUnknownKey) || errors.Is(reason, signature.ErrExpiredKey) || errors.Is(reason, signature.ErrRevokedKey)
}

// install verifies what was fetched, and makes it the current bundle.
func (s *state) install(ctx context.Context) error {
	content, err := s.part.content()
	if err != nil {
		return err
	}
	c, _, err := s.Verifier.Verify(ctx, content, s.wanted.Signatures)
	switch {
	case ctx.Err() != nil:
		return errors.Join(err, context.Cause(ctx))
	case errors.Is(err, ErrNoSigners), errors.Is(err, installed.ErrNotChecked):
		return err // what was fetched stays for the next try
	case err == nil && c.Ref.Version != s.wanted.Version:
		err = fmt.Errorf("the endpoint offers version %s and sends %s", s.wanted.Version, c.Ref.Version)
	}
	c.File = content
	c.Describe()
	if err != nil {
		return s.refuse(c.Ref.SHA256, err)
	}
	s.step("verified")
	s.locked.Hook = s.Hook
	if s.restoring {
		if err := s.locked.Restore(c); err != nil {
			return err
		}
		s.Link.Notice("bundle %s was damaged on the disk, and was fetched again", s.installed.Current)
		return drop(s.locked)
	}
	next, err := s.locked.Install(c, s.Allow, s.Link.Now())
	if err != nil {
		return err
	}
	s.installed, s.out.After = next, next.Current
	s.step("changed")
	return drop(s.locked)
}

// conclude stores how the renewal ended.
func (s *state) conclude(ctx context.Context, err error) error {
	now := s.Link.Now()
	var refused *RefusedError
	r := &s.renewal
	switch {
	case err == nil, errors.As(err, &refused):
		r.Failures, r.Error, r.Unfinished = 0, "", false
		if refused == nil && s.out.NotTaken == nil {
			r.Keys = ""
		}
		if s.out.NotTaken == nil || s.out.NotTaken.Same {
			r.FailedMS, r.UntilMS = 0, 0
		}
		if refused != nil {
			r.Error = shorttext.Truncate(err.Error(), maxErrorBytes)
			if s.installed.RefusedFor(now) > refusalsOfADay {
				r.FailedMS, r.UntilMS = now.UnixMilli(), now.Add(transport.RenewalPause).UnixMilli()
			}
		}
	case s.unfinished:
		r.Unfinished, r.Failures, r.FailedMS, r.UntilMS = true, 0, 0, 0
	default:
		// A known file is tried again after the pause, whether or not the endpoint says so again.
		r.Unfinished = s.wanted.File != ""
		noteFailure(r, err, now, randomOf(&s.Link))
	}
	ctx, cancel := link.FinalContext(ctx)
	defer cancel()
	return s.save(ctx)
}

// randomOf returns what lengthens pauses.
func randomOf(l *link.Config) func(n int64) int64 {
	return func(n int64) int64 {
		switch {
		case n <= 0:
			return 0
		case l.Random != nil:
			return l.Random(n)
		}
		return rand.Int64N(n)
	}
}

// save stores what is installed, and how the renewal goes, in the spool's state.
func (s *state) save(ctx context.Context) error {
	return s.Link.Spool.Update(ctx, func(tx *spool.Tx) error {
		if err := installed.Store(tx, s.installed); err != nil {
			return err
		}
		return installed.PutRenewal(tx, s.renewal)
	})
}

// isKnownKey returns an error for a signature that is by no key of the settings, as far as it says
// whose it is.
func (s *state) isKnownKey(ending string, sig []byte) error {
	return isKnownKey(s.Verifier.Ring, ending, sig, s.Link.Now())
}

func isKnownKey(ring signature.Ring, ending string, sig []byte, now time.Time) error {
	if ending != signature.MinisignExtension {
		return nil // it does not say whose it is
	}
	_, err := ring.Verify(nil, sig, ending, now)
	if errors.Is(err, signature.ErrUnknownKey) {
		return err
	}
	return nil
}
