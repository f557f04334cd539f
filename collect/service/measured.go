package service

import (
	"bytes"
	"errors"
	"net"
	"sync"
)

// maxDatabaseBytes are read of a database server for one check.
const maxDatabaseBytes = 8 << 20

// A measured connection ends where a server talks on and on, and keeps what a database's driver does not tell: why
// reading ended, and how the server began.
type measured struct {
	net.Conn
	// begin is read before what the connection brings.
	begin []byte

	mu    sync.Mutex
	first []byte
	read  int
	err   error
}

func (m *measured) Read(p []byte) (int, error) {
	if len(m.begin) > 0 {
		n := copy(p, m.begin)
		m.begin = m.begin[n:]
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
	// Drivers close a connection of theirs while they still read from it: that is never why it ended.
	if m.err == nil && !errors.Is(err, net.ErrClosed) {
		m.err = err
	}
	return n, err
}

// begun is what the connection brought first.
func (m *measured) begun() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.first
}

// ended is why reading ended first; nil where it did not.
func (m *measured) ended() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
