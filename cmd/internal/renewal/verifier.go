package renewal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"virgo/cmd/internal/installed"
	"virgo/schedule/scriptbundle"
	"virgo/schedule/signature"
)

// A Verifier decides whether a file is a bundle that this host may run.
type Verifier struct {
	// Ring has the keys of the owner's settings.
	Ring signature.Ring
	// Name is that of the bundle that this host follows.
	Name string
	// Release is the program's version.
	Release string
	// Declares compares what the scripts declare with the manifest, in the script process; nil:
	// nothing is compared.
	Declares func(ctx context.Context, c installed.Candidate, b *scriptbundle.Bundle) error
	Now      func() time.Time
}

// ErrNoSigners is returned where the owner's settings have no key that may sign a bundle.
var ErrNoSigners = errors.New("no key may sign a bundle (bundle_signers)")

// Signed returns who signed a file, before anything of it is parsed. Errors: [ErrNoSigners], those
// of package signature.
func (v *Verifier) Signed(file []byte, sigs signature.Signatures) (signature.Signed, error) {
	if len(v.Ring) == 0 {
		return signature.Signed{}, ErrNoSigners
	}
	return v.Ring.VerifyAll(file, sigs, v.Now())
}

// Verify returns a file as what can be installed: first its signatures, then its form, its name,
// the release that it needs, and what its scripts declare.
func (v *Verifier) Verify(ctx context.Context, file []byte, sigs signature.Signatures) (
	installed.Candidate, *scriptbundle.Bundle, error,
) {
	signed, err := v.Signed(file, sigs)
	if err != nil {
		return installed.Candidate{}, nil, err
	}
	b, err := scriptbundle.Parse(file)
	if err != nil {
		return installed.Candidate{}, nil, err
	}
	c := installed.Candidate{
		Ref:  installed.Ref{Name: b.Manifest.Name, Version: b.Manifest.Version, Key: signed.Key.ID},
		File: file, Signatures: sigs,
	}
	if !signed.At.IsZero() {
		c.Ref.SignedMS = signed.At.UnixMilli()
	}
	c.Describe()
	if b.Manifest.Name != v.Name {
		return c, b, fmt.Errorf("it is bundle %q, and this host follows %q (bundle_name)", b.Manifest.Name, v.Name)
	}
	if err := b.Manifest.CheckAgent(v.Release); err != nil {
		return c, b, err
	}
	if v.Declares != nil {
		if err := v.Declares(ctx, c, b); err != nil {
			return c, b, err
		}
	}
	return c, b, nil
}
