package transport

import (
	"bytes"
	"fmt"
	"io"
)

// A Reader reads frames. It holds 4 KiB, and more only for as long as a frame needs it.
type Reader struct {
	r          io.Reader
	buf        []byte
	start, end int // what was read and not yet given: buf[start:end]
	scanned    int // of that, how much is known to hold no LF
	seen       names
	large      func() // called once, before the buffer grows past largeFrame; nil: nobody wants to know
	err        error
}

// NewReader reads from r, which no one else may read from then on.
func NewReader(r io.Reader) *Reader { return &Reader{r: r} }

// ReadFrame gives the next frame. Its Params and Result are valid until the next call.
//
// It returns io.EOF when the stream ended between two frames, io.ErrUnexpectedEOF when it ended within
// one, and a *[FrameError] when a line is no frame or longer than [MaxFrameBytes]; after one that was
// too long, every call returns it again.
func (r *Reader) ReadFrame() (Frame, error) {
	line, err := r.line()
	if err != nil {
		return Frame{}, err
	}
	return parseFrame(line, &r.seen)
}

// Ready says whether a whole line has been read already, so that ReadFrame would not wait.
func (r *Reader) Ready() bool {
	if i := bytes.IndexByte(r.buf[r.start+r.scanned:r.end], '\n'); i >= 0 {
		r.scanned += i
		return true
	}
	r.scanned = r.end - r.start
	return false
}

func (r *Reader) line() ([]byte, error) {
	for {
		if r.Ready() {
			line := r.buf[r.start : r.start+r.scanned]
			r.start += r.scanned + 1
			r.scanned = 0
			if len(line) > MaxFrameBytes {
				r.err = tooLong()
				return nil, r.err
			}
			return line, nil
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

// makeRoom moves what waits to the front, and gives the buffer the size that it needs now.
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
