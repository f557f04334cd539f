package bundle

import (
	"errors"
	"io"

	"filippo.io/age"
)

// ReaderOptions are how a bundle is read.
type ReaderOptions struct {
	// Identities are tried on a bundle that is encrypted.
	Identities []age.Identity
	// Progress, if not nil, is told from time to time how many bytes of how many were checked.
	Progress func(done, total int64)
}

// A Reader gives the results of a bundle that was checked from its first byte to its last.
type Reader struct {
	src    io.ReaderAt
	size   int64
	header Header
	count  uint64
	walk   *walk // of the results that are given out; nil: at the beginning
}

// Open checks the size bytes of src, all of them, and reads them through once. Nothing of a bundle that is
// not whole is ever given out.
//
// Errors: [Error], with a Hint where there is a next step, and those of src.
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

// Header says whose results these are.
func (r *Reader) Header() Header { return r.header }

// Count is how many results the bundle holds.
func (r *Reader) Count() uint64 { return r.count }

// Next gives the next results in their order, some hundreds at a time, and io.EOF when there are no more. They
// are the reader's, and good until the next call. Any other error says that src is no longer what
// it was when it was opened.
func (r *Reader) Next() ([]Record, error) {
	if r.walk == nil {
		r.walk = newWalk(r.src, r.size)
		r.walk.expect = &r.header
	}
	return r.walk.next()
}

// Rewind makes Next begin with the first result again.
func (r *Reader) Rewind() { r.walk = nil }
