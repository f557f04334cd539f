package service

import (
	"bytes"
	"errors"
	"io"
	"net"
	"slices"
)

// maxMySQLAuthPacket bounds a packet of a server before the login has succeeded; keys have some hundred
// bytes.
const maxMySQLAuthPacket = 64 << 10

var errWithheld = errors.New("the server asked for the password")

// A mysqlGuard is a connection without TLS to a server that may be false. It reads what the server sends
// during the login packet by packet, and ends the connection where the driver would answer with the
// password itself, in clear or encrypted with a key that the server has sent (MySQL Internals,
// "Authentication Methods"). Answers to a challenge are let through; the package comment says what they
// give away.
type mysqlGuard struct {
	net.Conn
	server server

	packet []byte // read, and not yet passed on
	over   bool   // the login has succeeded or failed
	err    error
}

func (g *mysqlGuard) Read(p []byte) (int, error) {
	if len(g.packet) == 0 && !g.over && g.err == nil {
		g.packet, g.err = g.next()
	}
	switch {
	case len(g.packet) > 0:
		n := copy(p, g.packet)
		g.packet = g.packet[n:]
		return n, nil
	case g.err != nil:
		return 0, g.err
	}
	return g.Conn.Read(p)
}

// next reads a packet of the login and decides on it. Of one that is cut off it returns what there is.
func (g *mysqlGuard) next() (packet []byte, err error) {
	const header = 4 // three bytes of length, the sequence number
	packet = make([]byte, header)
	if n, err := io.ReadFull(g.Conn, packet); err != nil {
		return packet[:n], err
	}
	length := int(packet[0]) | int(packet[1])<<8 | int(packet[2])<<16
	if length > maxMySQLAuthPacket {
		return nil, newProtocolError(mysqlProtocol, nil)
	}
	packet = slices.Grow(packet, length)[:header+length]
	if n, err := io.ReadFull(g.Conn, packet[header:]); err != nil {
		return packet[:header+n], err
	}
	body := packet[header:]
	if asksForPassword(body) {
		return nil, passwordWithheld(g.server, errWithheld)
	}
	const ok, failure = 0x00, 0xff
	g.over = length > 0 && (body[0] == ok || body[0] == failure)
	return packet, nil
}

// asksForPassword reports whether a packet is anything but the end of a login, or one of the challenges
// that the password is not needed for in a usable form.
func asksForPassword(body []byte) bool {
	const ok, failure, switchMethod, more, fastSuccess = 0x00, 0xff, 0xfe, 0x01, 3
	if len(body) == 0 {
		return true
	}
	switch body[0] {
	case ok, failure:
		return false
	case more: // of caching_sha2_password, that the challenge was enough; else that it was not, or a key
		return len(body) != 2 || body[1] != fastSuccess
	case switchMethod:
		method, _, _ := bytes.Cut(body[1:], []byte{0})
		switch string(method) {
		case "mysql_native_password", "caching_sha2_password", "client_ed25519":
			return false
		}
	}
	return true
}
