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

// quiet is how long a server that has begun to speak may pause before what it said counts as all: most protocols do
// not say where an answer ends, and most servers keep the connection.
const quiet = time.Second

// A listener gathers what a connection says.
type listener struct {
	conn net.Conn
	// first is called when the first byte came.
	first func()
	// heard is what was read and not yet handed out.
	heard []byte
}

// line is the first line without its end: up to a line feed, at most bytes, the connection's end, or a pause. What
// follows it is kept. Errors: the connection's; io.EOF where it ended without a byte.
func (l *listener) line(ctx context.Context, most int) ([]byte, error) {
	end := -1
	_, err := l.until(ctx, most, func(heard []byte) bool {
		end = bytes.IndexByte(heard, '\n')
		return end >= 0
	})
	line, rest := l.heard, []byte(nil)
	if end >= 0 {
		line, rest = l.heard[:end], l.heard[end+1:]
	} else if len(line) > most {
		line, rest = line[:most], line[most:]
	}
	l.heard = rest
	return bytes.TrimSuffix(line, []byte("\r")), err
}

// until gathers at least what enough wants, which is asked again each time that half as much more came: up to most bytes, the
// connection's end, or a pause. Errors: the connection's; io.EOF where it ended without a byte.
func (l *listener) until(ctx context.Context, most int, enough func(heard []byte) bool) ([]byte, error) {
	if err := l.conn.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	asked := -1
	chunk := make([]byte, 4<<10)
	for {
		if len(l.heard) > 0 && len(l.heard) >= asked+asked/2 {
			if enough(l.heard) {
				return l.heard, nil
			}
			asked = len(l.heard)
		}
		if len(l.heard) >= most {
			return l.heard, nil
		}
		if len(l.heard) > 0 {
			if err := l.conn.SetReadDeadline(time.Now().Add(quiet)); err != nil {
				return nil, err
			}
		}
		n, err := l.conn.Read(chunk[:min(len(chunk), most-len(l.heard))])
		if n > 0 {
			l.first()
			l.heard = append(l.heard, chunk[:n]...)
		}
		switch over := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, os.ErrDeadlineExceeded); {
		case err == nil:
		case over && len(l.heard) > 0 && ctx.Err() == nil:
			enough(l.heard)
			return l.heard, nil
		default:
			return nil, err
		}
	}
}
