package service

import (
	"bytes"
	"io"
)

const (
	mysqlProtocol = "the MySQL protocol"
	// maxMySQLGreeting is the longest accepted first packet of a server; real ones have about a
	// hundred bytes.
	maxMySQLGreeting = 4 << 10
)

// readMySQLGreeting reads a server's first packet, with its header (MySQL Internals,
// "Protocol::Handshake"), before the driver does: the driver would take the first bytes of another
// protocol for a length and wait for as much, and panic on a packet that is too short. Errors:
// *protocolError, and those of reading.
func readMySQLGreeting(r io.Reader) ([]byte, error) {
	const header = 4 // three bytes of length, the sequence number
	packet := make([]byte, header, 128)
	if n, err := io.ReadFull(r, packet); err != nil {
		return nil, closedEarly(packet[:n], err)
	}
	length := int(packet[0]) | int(packet[1])<<8 | int(packet[2])<<16
	if length == 0 || length > maxMySQLGreeting || packet[3] != 0 {
		more := make([]byte, 60)
		n, _ := io.ReadAtLeast(r, more, 1)
		return nil, newProtocolError(mysqlProtocol, append(packet, more[:n]...))
	}
	packet = append(packet, make([]byte, length)...)
	if n, err := io.ReadFull(r, packet[header:]); err != nil {
		return nil, closedEarly(packet[:header+n], err)
	}
	if !isMySQLGreeting(packet[header:]) {
		return nil, newProtocolError(mysqlProtocol, packet[header:])
	}
	return packet, nil
}

// closedEarly returns a *protocolError where the server closed the connection after sending
// something; else err.
func closedEarly(received []byte, err error) error {
	if len(received) > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF) {
		return newProtocolError(mysqlProtocol, received)
	}
	return err
}

// isMySQLGreeting reports whether a packet's body is an error, or a complete greeting of protocol
// version 10 as sent since MySQL 4.1.
func isMySQLGreeting(body []byte) bool {
	const version, failure, fixed = 10, 0xff, 44
	switch body[0] {
	case failure:
		return len(body) >= 9 || len(body) >= 4 && body[3] != '#'
	case version:
		end := bytes.IndexByte(body, 0)
		return end >= 0 && len(body) > end+fixed
	}
	return false
}
