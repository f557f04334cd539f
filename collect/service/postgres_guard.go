package service

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
)

const (
	// minScramIterations is what RFC 5802, 5.1 asks of servers, and PostgreSQL's default.
	minScramIterations = 4096
	// maxPostgresAuthMessage bounds a message of a server before the login has succeeded.
	maxPostgresAuthMessage = 64 << 10
)

var errFewIterations = errors.New("fewer SCRAM iterations than " + strconv.Itoa(minScramIterations))

// A postgresGuard is a connection without TLS to a server that may be false. It ends the login where the
// server asks for a SCRAM proof of few iterations, from which passwords could be guessed thousands of
// times as fast. Which methods there may be is decided by the driver (require_auth).
type postgresGuard struct {
	net.Conn
	server server

	message []byte // read, and not yet passed on
	over    bool   // the login has succeeded, or this is another protocol
	err     error
}

func (g *postgresGuard) Read(p []byte) (int, error) {
	if len(g.message) == 0 && !g.over && g.err == nil {
		g.message, g.err = g.next()
	}
	switch {
	case len(g.message) > 0:
		n := copy(p, g.message)
		g.message = g.message[n:]
		return n, nil
	case g.err != nil:
		return 0, g.err
	}
	return g.Conn.Read(p)
}

// next reads a message of the login and decides on it: a type, the length of what follows with itself,
// and for an authentication the request (PostgreSQL, "Message Formats").
func (g *postgresGuard) next() (message []byte, err error) {
	const header, authentication, ok, saslContinue = 5, 'R', 0, 11
	message = make([]byte, header)
	if n, err := io.ReadFull(g.Conn, message); err != nil {
		return message[:n], err
	}
	length := int64(binary.BigEndian.Uint32(message[1:])) - 4
	if length < 0 || length > maxPostgresAuthMessage {
		g.over = true // the driver says what is wrong
		return message, nil
	}
	message = slices.Grow(message, int(length))[:header+length]
	if n, err := io.ReadFull(g.Conn, message[header:]); err != nil {
		return message[:header+n], err
	}
	if message[0] != authentication || length < 4 {
		return message, nil
	}
	switch request, data := binary.BigEndian.Uint32(message[header:]), message[header+4:]; request {
	case ok:
		g.over = true
	case saslContinue:
		if scramIterations(data) < minScramIterations {
			return nil, passwordWithheld(g.server, errFewIterations)
		}
	}
	return message, nil
}

// scramIterations returns the least number of iterations in a server's first message of SCRAM (RFC 5802,
// section 7); 0 if there is none.
func scramIterations(message []byte) int {
	least := 0
	for field := range bytes.SplitSeq(message, []byte(",")) {
		value, ok := bytes.CutPrefix(field, []byte("i="))
		if !ok {
			continue
		}
		n, err := strconv.Atoi(string(value))
		if err != nil || n <= 0 {
			return 0
		}
		if least == 0 || n < least {
			least = n
		}
	}
	return least
}
