package service

import (
	"net"
	"sync"
)

// maxDatabaseBytes are read of a database server for one check.
const maxDatabaseBytes = 8 << 20

// A measured connection ends where a server talks on and on, and keeps what a database's driver does not tell: why
// reading ended, and how the server began.
type measured struct {
	net.Conn
	// greeting looks at the first bytes of a server that speaks first, where it is not nil.
	greeting func(begin []byte) error

	mu   sync.Mutex
	read int
	err  error
}

func (m *measured) Read(p []byte) (int, error) {
	n, err := m.Conn.Read(p)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.read == 0 && n > 0 && m.greeting != nil {
		if wrong := m.greeting(p[:n]); wrong != nil {
			n, err = 0, wrong
		}
	}
	if m.read += n; m.read > maxDatabaseBytes {
		n, err = 0, &tooLongError{maxDatabaseBytes}
	}
	if m.err == nil {
		m.err = err
	}
	return n, err
}

// ended is why reading ended first; nil where it did not.
func (m *measured) ended() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.err
}
