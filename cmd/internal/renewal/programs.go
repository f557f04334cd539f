package renewal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"virgo/cmd/internal/link"
	"virgo/schedule/signature"
)

// Programs fetches the archive of the agent's programs that the endpoint has for this host. By
// Fetch a person waits for it: neither a pause nor the amount of a day prevents it.
type Programs struct {
	// Link has the endpoint and its spool. BundleChannel says what is asked for.
	Link link.Config
	// Folder keeps what is fetched until Forget. Whoever holds its lock may fetch.
	Folder string
	// Ring has the keys of the owner's settings that may sign programs.
	Ring     signature.Ring
	OS, Arch string
	// MaxBytes bounds an archive.
	MaxBytes int64
	// Wants reports whether a version is to be fetched.
	Wants func(version string) bool
}

// A FetchedArchive is one that a key of the settings has signed.
type FetchedArchive struct {
	// Version is what the endpoint offers; empty: nothing. File is the name of the archive.
	Version, File string
	// Content is nil where the version was not wanted.
	Content []byte
	Signed  signature.Signed
	// Unfinished means that much was fetched, and that the next run continues.
	Unfinished bool
}

// A folderPlace is a folder as a place.
type folderPlace string

// Path is of place.
func (f folderPlace) Path(name string) string { return filepath.Join(string(f), name) }

// Fetch asks for the version and fetches its archive, its signature first, from where an
// earlier call ended. Errors: *[signature.Error], [signature.ErrUnsigned], those of the
// connection and of the file system.
func (p *Programs) Fetch(ctx context.Context) (FetchedArchive, error) { return p.fetch(ctx, true, nil) }

// fetch is Fetch, and for a run, for which nobody waits, too. before is of fetching.
func (p *Programs) fetch(ctx context.Context, manual bool,
	before func(context.Context, int64) error,
) (FetchedArchive, error) {
	offer, err := link.FetchProgramsVersion(ctx, &p.Link, manual, p.OS, p.Arch)
	if err != nil || offer.Version == "" || offer.Version == link.NoVersion {
		return FetchedArchive{}, err
	}
	offer.File = cmp.Or(offer.File, "virgo-"+offer.Version+"-"+p.OS+"-"+p.Arch+".zip")
	s := fetching{
		source: newSource(&p.Link), folder: folderPlace(p.Folder), most: p.MaxBytes, before: before,
		known: func(ending string, sig []byte) error { return isKnownKey(p.Ring, ending, sig, p.Link.Now()) },
	}
	if s.wanted, err = readOffer(offer, "an archive of programs", p.MaxBytes, p.Link.BundleChannel); err != nil {
		return FetchedArchive{}, err
	}
	out := FetchedArchive{Version: offer.Version, File: offer.File}
	if !p.Wants(offer.Version) {
		return out, nil
	}
	defer s.close()
	err = s.fetchSignatures(ctx)
	if err == nil {
		err = s.fetchFile(ctx)
	}
	if err == nil {
		out.Content, err = s.part.content()
	}
	if err == nil {
		out.Signed, err = p.Ring.VerifyAll(out.Content, s.wanted.Signatures, p.Link.Now())
	}
	out.Unfinished = s.unfinished
	var signed *signature.Error
	if errors.Is(err, signature.ErrUnknownKey) || errors.As(err, &signed) { // another one may be there the next time
		return out, errors.Join(fmt.Errorf("%s of the endpoint: %w", offer.File, err), p.Forget())
	}
	return out, err
}

// Forget removes what was fetched.
func (p *Programs) Forget() error { return drop(folderPlace(p.Folder)) }
