package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"time"
)

// maxPause is how long a server may pause before its response counts as complete: most protocols do
// not mark the end of a response, and most servers keep the connection open.
const maxPause = time.Second

// A conversation collects what is received on a connection.
type conversation struct {
	conn net.Conn
	// first is called when the first byte is received.
	first func()
	// received is what was read and not yet returned by line.
	received []byte
}

// line returns the first line without its end: up to a line feed, longest bytes, the end of the
// connection, or a pause. Errors: the connection's; io.EOF where it ended without a byte.
func (c *conversation) line(ctx context.Context, longest int) ([]byte, error) {
	end := -1
	_, err := c.readUntil(ctx, longest, func(received []byte) bool {
		end = bytes.IndexByte(received, '\n')
		return end >= 0
	})
	line, rest := c.received, []byte(nil)
	if end >= 0 {
		line, rest = c.received[:end], c.received[end+1:]
	} else if len(line) > longest {
		line, rest = line[:longest], line[longest:]
	}
	c.received = rest
	return bytes.TrimSuffix(line, []byte("\r")), err
}

// readUntil reads until enough returns true, longest bytes are received, the connection ends, or
// the server pauses. enough is called again when half as much more was received, so that its total
// cost is linear. Errors: the connection's; io.EOF where it ended without a byte.
func (c *conversation) readUntil(
	ctx context.Context, longest int, enough func(received []byte) bool,
) ([]byte, error) {
	if err := c.conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	checked := -1 // the length for which enough was last called
	chunk := make([]byte, 4<<10)
	for {
		if len(c.received) > 0 && len(c.received) >= checked+checked/2 {
			if enough(c.received) {
				return c.received, nil
			}
			checked = len(c.received)
		}
		if len(c.received) >= longest {
			return c.received, nil
		}
		if len(c.received) > 0 {
			if err := c.conn.SetReadDeadline(time.Now().Add(maxPause)); err != nil {
				return nil, err
			}
		}
		n, err := c.conn.Read(chunk[:min(len(chunk), longest-len(c.received))])
		if n > 0 {
			c.first()
			c.received = append(c.received, chunk[:n]...)
		}
		ended := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		paused := errors.Is(err, os.ErrDeadlineExceeded)
		switch {
		case err == nil:
		case (ended || paused) && len(c.received) > 0 && ctx.Err() == nil:
			enough(c.received)
			return c.received, nil
		default:
			return nil, err
		}
	}
}
