package service

import (
	"bytes"
	"errors"
	"net"
	"sync"
)

// maxDatabaseBytes is how much is read from a database server in one check.
const maxDatabaseBytes = 8 << 20

// A meteredConn limits what is read in all, and keeps what database drivers do not report: the
// first bytes from the server, and the first error of a read.
type meteredConn struct {
	net.Conn
	// unread was read from the connection already, and is read again first.
	unread []byte

	mu    sync.Mutex
	first []byte
	read  int
	err   error
}

func (m *meteredConn) Read(p []byte) (int, error) {
	if len(m.unread) > 0 {
		n := copy(p, m.unread)
		m.unread = m.unread[n:]
		return n, nil
	}
	n, err := m.Conn.Read(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.first == nil && n > 0 {
		m.first = bytes.Clone(p[:n])
	}
	if m.read += n; m.read > maxDatabaseBytes {
		n, err = 0, &tooLongError{maxDatabaseBytes}
	}
	// Drivers close a connection while they still read from it; that is not why reading failed.
	if m.err == nil && !errors.Is(err, net.ErrClosed) {
		m.err = err
	}
	return n, err
}

// firstBytes returns what the first read returned.
func (m *meteredConn) firstBytes() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first
}

// readError returns the first error of a read; nil where none failed.
func (m *meteredConn) readError() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
