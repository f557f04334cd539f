package remote

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxBodyBytes is how much of a body is read, and how much it decodes to, as in the original agent.
const maxBodyBytes = 100_000

// A body is the part of a response's body that was read.
type body struct {
	// text is the decoded body, at most maxBodyBytes; nil where it is not needed.
	text []byte
	// read is the number of bytes before decoding, at most maxBodyBytes.
	read int64
	// truncated is the number of bytes after read: 0 if the whole body was read, 1 if there are
	// more and the server did not announce a length.
	truncated int64
}

// readBody reads the beginning of a body of the announced length (-1: unknown), and decodes it
// where its text is needed. Errors: the reader's, and of a body that does not have the encoding.
func readBody(from io.Reader, announced int64, encoding string, needed bool) (body, error) {
	var raw bytes.Buffer
	var into io.Writer = io.Discard
	if needed {
		into = &raw
	}
	n, err := io.Copy(into, io.LimitReader(from, maxBodyBytes))
	b := body{read: n}
	if err != nil {
		return b, err
	}
	if n == maxBodyBytes {
		switch more, _ := io.ReadFull(from, make([]byte, 1)); {
		case more == 0:
		case announced > n:
			b.truncated = announced - n
		default:
			b.truncated = 1
		}
	}
	if needed {
		b.text, err = decode(raw.Bytes(), encoding, b.truncated > 0)
	}
	return b, err
}

// decode returns the first maxBodyBytes of a body in a content encoding (RFC 9110, 8.4.1). With an
// unknown encoding it returns the body unchanged. truncated says that the body's end is missing.
func decode(raw []byte, encoding string, truncated bool) ([]byte, error) {
	encoding = strings.ToLower(strings.TrimSpace(encoding))
	var from io.Reader
	var err error
	switch {
	case len(raw) == 0:
		return raw, nil
	case encoding == "gzip" || encoding == "x-gzip":
		from, err = gzip.NewReader(bytes.NewReader(raw))
	case encoding == "deflate":
		from, err = inflate(raw)
	default:
		return raw, nil
	}
	var text bytes.Buffer
	if err == nil {
		_, err = io.Copy(&text, io.LimitReader(from, maxBodyBytes))
	}
	if err != nil && !(truncated && errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, fmt.Errorf("the body is not %s, as its header says", encoding)
	}
	return text.Bytes(), nil
}

// inflate reads deflate in zlib's format, as it is defined, and raw, as some servers send it.
func inflate(raw []byte) (io.Reader, error) {
	if from, err := zlib.NewReader(bytes.NewReader(raw)); err == nil {
		return from, nil
	}
	return flate.NewReader(bufio.NewReader(bytes.NewReader(raw))), nil
}
