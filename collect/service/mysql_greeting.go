package service

import (
	"bytes"
	"io"
)

const (
	mysqlProtocol = "the MySQL protocol"
	// maxMySQLGreeting is how long a server's first packet may be: real ones have about a hundred bytes.
	maxMySQLGreeting = 4 << 10
)

// readMySQLGreeting reads the packet with which a server begins, with its header (MySQL Internals, "Protocol::
// Handshake"). Of a server of another kind the driver would wait for the length that its first letters spell, and of
// one that is cut short it would read past the end. Error: *garbageError, and those of reading.
func readMySQLGreeting(r io.Reader) ([]byte, error) {
	const header = 4 // three bytes of length, the sequence number
	packet := make([]byte, header, 128)
	if n, err := io.ReadFull(r, packet); err != nil {
		return nil, begunOr(packet[:n], err)
	}
	length := int(packet[0]) | int(packet[1])<<8 | int(packet[2])<<16
	if length == 0 || length > maxMySQLGreeting || packet[3] != 0 {
		more := make([]byte, 40)
		n, _ := io.ReadAtLeast(r, more, 1)
		return nil, newGarbage(mysqlProtocol, append(packet, more[:n]...))
	}
	packet = append(packet, make([]byte, length)...)
	if n, err := io.ReadFull(r, packet[header:]); err != nil {
		return nil, begunOr(packet[:header+n], err)
	}
	if !mysqlGreets(packet[header:]) {
		return nil, newGarbage(mysqlProtocol, packet[header:])
	}
	return packet, nil
}

// begunOr is the error of a server that closed the connection: garbage where it had said something.
func begunOr(begun []byte, err error) error {
	if len(begun) > 0 && (err == io.EOF || err == io.ErrUnexpectedEOF) {
		return newGarbage(mysqlProtocol, begun)
	}
	return err
}

// mysqlGreets reports whether a packet's body is an error, or a greeting of protocol version 10 that has all
// that servers since 4.1 tell.
func mysqlGreets(body []byte) bool {
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
