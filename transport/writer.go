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

// ErrUnsendable is returned when a frame cannot be written: its params or result are no JSON, nested
// too deep or too large. Nothing of it was written, and the writer can go on.
var ErrUnsendable = errors.New("no frame can carry this")

// A Writer writes frames, one a line, through a buffer of 16 KiB. It is not for concurrent use.
type Writer struct {
	w   io.Writer
	buf []byte
	err error
}

// NewWriter writes to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// WriteFrame appends f to the buffer, writing out what does not fit. Line breaks between the tokens of
// Params and Result are taken out, and bytes that are no UTF-8 become U+FFFD. A frame that cannot be
// sent is [ErrUnsendable]; any other error is the stream's, and final.
func (w *Writer) WriteFrame(f *Frame) error {
	if w.err != nil {
		return w.err
	}
	body := f.Params
	if !f.IsRequest() {
		body = f.Result
	}
	body, err := sendable(body)
	if err != nil {
		return err
	}
	if w.buf == nil {
		w.buf = make([]byte, 0, writeBuffer)
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

// Flush writes out what is buffered.
func (w *Writer) Flush() error {
	if w.err == nil && len(w.buf) > 0 {
		_, w.err = w.w.Write(w.buf)
		w.buf = w.buf[:0]
	}
	return w.err
}

// Buffered says how many bytes wait for Flush.
func (w *Writer) Buffered() int { return len(w.buf) }

// append buffers b, writing out each full buffer.
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

// appendHead writes all of f up to where its params or its result go.
func appendHead(b []byte, f *Frame) []byte {
	v := f.V
	if v == "" {
		v = Version
	}
	b = appendText(append(b, `{"v":`...), v)
	if f.IsRequest() || f.HasID || f.Error == nil {
		b = strconv.AppendUint(append(b, `,"id":`...), uint64(f.ID), 10)
	}
	b = appendText(append(b, `,"source":`...), f.Source)
	b = appendText(append(b, `,"target":`...), f.Target)
	if !f.IsRequest() {
		return append(b, `,"result":`...)
	}
	b = appendText(append(b, `,"method":`...), f.Method)
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
	b = appendText(append(b, `,"message":`...), e.Message)
	if e.Type != "" {
		b = appendText(append(b, `,"type":`...), e.Type)
	}
	if e.RetryAfterMS > 0 {
		b = strconv.AppendInt(append(b, `,"retry_after_ms":`...), e.RetryAfterMS, 10)
	}
	return append(b, '}')
}

// sendable gives raw fit for a line: checked, in UTF-8, without line breaks. raw itself is not changed.
func sendable(raw json.RawMessage) (json.RawMessage, error) {
	if raw == nil {
		return nil, nil
	}
	if len(raw) > MaxFrameBytes {
		return nil, fmt.Errorf("%w: %d bytes, more than %d", ErrUnsendable, len(raw), MaxFrameBytes)
	}
	broken, err := scan(raw, MaxDepth-1, false, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsendable, err)
	}
	if !utf8.Valid(raw) {
		raw = bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
	if broken {
		raw = bytes.Map(func(r rune) rune {
			if r == '\n' || r == '\r' {
				return ' '
			}
			return r
		}, raw)
	}
	return raw, nil
}

// appendText writes s as a JSON string.
func appendText(b []byte, s string) []byte {
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
