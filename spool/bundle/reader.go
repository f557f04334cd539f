package bundle

import (
	"errors"
	"io"

	"filippo.io/age"
)

// ReaderOptions configure [Open]. The zero value reads bundles that are not encrypted.
type ReaderOptions struct {
	// Identities are the keys to decrypt an encrypted bundle with; each is tried.
	Identities []age.Identity
	// Progress, if not nil, is called after each block with the number of verified bytes and the
	// total number of bytes.
	Progress func(done, total int64)
}

// A Reader returns the results of a bundle that was verified from its first byte to its last.
type Reader struct {
	src    io.ReaderAt
	size   int64
	header Header
	count  uint64
	walk   *walk // of Next; nil at the beginning
}

// Open verifies all size bytes of src, which it reads once. If the bundle is incomplete, none of its
// results can be read.
//
// Errors: *[Error], with a Hint if there is a next step, and those of src.
func Open(src io.ReaderAt, size int64, opt ReaderOptions) (*Reader, error) {
	src, size, err := decrypt(src, size, opt.Identities)
	if err != nil {
		return nil, err
	}
	r := &Reader{src: src, size: size}
	w := newWalk(src, size)
	if opt.Progress != nil {
		w.progress = opt.Progress
	}
	for {
		if _, err := w.next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
	}
	r.header, r.count = w.header, w.records
	return r, nil
}

// Header returns the bundle's header.
func (r *Reader) Header() Header { return r.header }

// Count returns the number of results in the bundle.
func (r *Reader) Count() uint64 { return r.count }

// Plain returns the bundle without its encryption, and its size.
func (r *Reader) Plain() (io.ReaderAt, int64) { return r.src, r.size }

// Next returns the results of the next block, in order, and io.EOF when there are no more. They are
// valid until the next call. Any other error means that src cannot be read any more, or has changed
// since it was opened.
func (r *Reader) Next() ([]Record, error) {
	if r.walk == nil {
		r.walk = newWalk(r.src, r.size)
		r.walk.expect = &r.header
	}
	return r.walk.next()
}

// Rewind makes Next start with the first result again.
func (r *Reader) Rewind() { r.walk = nil }
