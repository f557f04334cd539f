package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"
)

// ErrUnsendable is returned when a frame's params or result are not JSON, nested too deep or too
// large. Nothing of the frame was written, and the Writer can go on.
var ErrUnsendable = errors.New("does not fit a frame")

// A Writer writes frames, one per line, through a buffer that grows to 16 KiB. It is not for concurrent use.
type Writer struct {
	w   io.Writer
	buf []byte
	err error
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// WriteFrame appends f to the buffer, which it writes whenever it is full. Line breaks between the
// tokens of Params and Result become spaces; bytes that are not UTF-8 become U+FFFD. The error is
// [ErrUnsendable], or that of the stream, which every later call returns too.
func (w *Writer) WriteFrame(f *Frame) error {
	if w.err != nil {
		return w.err
	}
	body := f.Params
	if !f.IsRequest() {
		body = f.Result
	}
	body, err := prepareBody(body)
	if err != nil {
		return err
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, firstWriteBuffer)
	}
	var tail []byte
	from := len(w.buf)
	w.buf = appendHead(w.buf, f)
	if f.IsRequest() {
		tail = append(tail, '}', '\n')
	} else {
		tail = appendError(append(tail, `,"error":`...), f.Error)
		tail = append(tail, '}', '\n')
		if body == nil {
			body = json.RawMessage("null")
		}
	}
	if size := len(w.buf) - from + len(body) + len(tail) - 1; size > MaxFrameBytes {
		w.buf = w.buf[:from]
		return fmt.Errorf("%w: %d bytes, more than %d", ErrUnsendable, size, MaxFrameBytes)
	}
	w.append(body)
	w.append(tail)
	return w.err
}

// Flush writes what is buffered.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.w.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// Buffered returns the number of bytes that wait for Flush.
func (w *Writer) Buffered() int { return len(w.buf) }

// append buffers b and writes each full buffer.
func (w *Writer) append(b []byte) {
	for len(b) > 0 && w.err == nil {
		n := max(0, min(len(b), writeBuffer-len(w.buf)))
		w.buf = append(w.buf, b[:n]...)
		b = b[n:]
		if len(w.buf) >= writeBuffer {
			w.Flush()
		}
	}
}

// appendHead appends all of f up to its params or its result.
func appendHead(b []byte, f *Frame) []byte {
	v := f.V
	if v == "" {
		v = Version
	}
	b = appendString(append(b, `{"v":`...), v)
	if f.IsRequest() || f.HasID || f.Error == nil {
		b = strconv.AppendUint(append(b, `,"id":`...), uint64(f.ID), 10)
	}
	b = appendString(append(b, `,"source":`...), f.Source)
	b = appendString(append(b, `,"target":`...), f.Target)
	if !f.IsRequest() {
		return append(b, `,"result":`...)
	}
	b = appendString(append(b, `,"method":`...), f.Method)
	if f.Params != nil {
		b = append(b, `,"params":`...)
	}
	return b
}

func appendError(b []byte, e *Error) []byte {
	if e == nil {
		return append(b, "null"...)
	}
	b = strconv.AppendInt(append(b, `{"code":`...), int64(e.Code), 10)
	b = appendString(append(b, `,"message":`...), e.Message)
	if e.Type != "" {
		b = appendString(append(b, `,"type":`...), e.Type)
	}
	if e.RetryAfterMS > 0 {
		b = strconv.AppendInt(append(b, `,"retry_after_ms":`...), e.RetryAfterMS, 10)
	}
	return append(b, '}')
}

// prepareBody checks raw and returns it in UTF-8 and without line breaks. raw itself is not
// changed.
func prepareBody(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	if len(raw) > MaxFrameBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrUnsendable, len(raw), MaxFrameBytes)
	}
	lineBreaks, err := scan(raw, MaxDepth-1, false, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsendable, err)
	}
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	if lineBreaks {
		raw = bytes.Map(func(r rune) rune {
			if r == '\n' || r == '\r' {
				return ' '
			}
			return r
		}, raw)
	}
	return raw, nil
}

// appendString appends s as a JSON string. Package schedule/shorttext has the same for the rest of
// the module.
func appendString(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
