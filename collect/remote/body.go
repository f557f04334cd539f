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

// maxBodyBytes of a body are read, and of what it decodes to. The existing agent's bound.
const maxBodyBytes = 100_000

// A body is what was read of an answer's body.
type body struct {
	// text is the body with its encoding undone, at most maxBodyBytes; nil where nobody wants it.
	text []byte
	// read counts the bytes as they came, at most maxBodyBytes.
	read int64
	// truncated counts the bytes that are known to be missing in read: what the server announced, 1 where it did
	// not say how many there are, and 0 where read is all.
	truncated int64
}

// readBody reads the beginning of a body of the announced length (-1: unknown) in a content encoding. Its bytes are
// kept where they are wanted. Errors: the reader's, and of a body that is not what its encoding says.
func readBody(from io.Reader, announced int64, encoding string, wanted bool) (body, error) {
	var raw bytes.Buffer
	var into io.Writer = io.Discard
	if wanted {
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
	if wanted {
		b.text, err = decode(raw.Bytes(), encoding, b.truncated > 0)
	}
	return b, err
}

// decode undoes a content encoding (RFC 9110, 8.4.1), the first maxBodyBytes of what comes out. Of one that it does not
// know the text is the body as it is. cutShort says that the body's end is missing.
func decode(raw []byte, encoding string, cutShort bool) ([]byte, error) {
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
	if err != nil && !(cutShort && errors.Is(err, io.ErrUnexpectedEOF)) {
		return nil, fmt.Errorf("the body is not the %s that its header says", encoding)
	}
	return text.Bytes(), nil
}

// inflate reads deflate as it is defined (zlib's format) and as some servers send it (bare).
func inflate(raw []byte) (io.Reader, error) {
	if from, err := zlib.NewReader(bytes.NewReader(raw)); err == nil {
		return from, nil
	}
	return flate.NewReader(bufio.NewReader(bytes.NewReader(raw))), nil
}
