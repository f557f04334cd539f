package transport

import (
	"bytes"
	"fmt"
	"io"
)

// A Reader reads frames. Its buffer has 4 KiB, and more only while a frame needs it.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what was read and not yet returned: buf[start:end]
	scanned    int // bytes after start that are known to have no LF
	seen       fieldCache
	large      func() // called once before the buffer grows past largeFrame; may be nil
	err        error
}

// NewReader reads from r, which nothing else may read from then on.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// ReadFrame returns the next frame. Its Params and Result are valid until the next call.
//
// The error is io.EOF when the stream ended between two frames, io.ErrUnexpectedEOF when it ended
// within one, and a *[FrameError] when a line is not a frame or longer than [MaxFrameBytes]. After
// a line that was too long, every call returns that error.
func (r *Reader) ReadFrame() (Frame, error) {
	line, err := r.line()
	if err != nil {
		return Frame{}, err
	}
	return parseFrame(line, &r.seen)
}

// Ready reports whether a whole line is buffered, so that ReadFrame would not block.
func (r *Reader) Ready() bool {
	if i := bytes.IndexByte(r.buf[r.start+r.scanned:r.end], '\n'); i >= 0 {
		r.scanned += i
		return true
	}
	r.scanned = r.end - r.start
	return false
}

// Buffered returns the number of bytes that were read and are not returned yet.
func (r *Reader) Buffered() int { return r.end - r.start }

func (r *Reader) line() ([]byte, error) {
	for {
		if r.Ready() {
			line := r.buf[r.start : r.start+r.scanned]
			r.start += r.scanned + 1
			r.scanned = 0
			return line, nil // at most MaxFrameBytes: the buffer has room for one byte more, the LF
		}
		if r.err == nil && r.scanned > MaxFrameBytes {
			r.err = tooLong()
		}
		if r.err != nil {
			if r.err == io.EOF && r.start != r.end {
				r.err = io.ErrUnexpectedEOF
			}
			return nil, r.err
		}
		r.makeRoom()
		n, err := r.r.Read(r.buf[r.end:])
		r.end += n
		if err != nil {
			r.err = err
		}
	}
}

// makeRoom moves what is unread to the front and resizes the buffer to what it needs.
func (r *Reader) makeRoom() {
	waiting := r.end - r.start
	size := readBuffer
	for size <= waiting {
		size *= 2
	}
	size = min(size, MaxFrameBytes+1)
	if size > largeFrame && r.large != nil {
		r.large()
		r.large = nil
	}
	buf := r.buf
	if len(buf) != size {
		buf = make([]byte, size)
	}
	copy(buf, r.buf[r.start:r.end])
	r.buf, r.start, r.end = buf, 0, waiting
}

func tooLong() error {
	return &FrameError{Reason: fmt.Sprintf("longer than %d bytes", MaxFrameBytes)}
}
