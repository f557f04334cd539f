package transporttest

import (
	"crypto/tls"
	"errors"
	"net"
	"sync"
)

// An Endpoint serves sessions as its Script defines.
type Endpoint struct {
	// Authority signed its certificate.
	Authority *Authority
	// For Program: reload returns the script for a new connection, publish writes the records to files.
	reload  func() (Script, error)
	publish func()

	listener net.Listener
	records  records
	serving  sync.WaitGroup
	done     chan struct{} // closed by Close

	mu     sync.Mutex
	cert   tls.Certificate
	script Script
	conns  map[net.Conn]bool
	closed bool
}

// New makes an endpoint that does not listen: [Endpoint.ServeTLS] and [Endpoint.Serve] serve given
// connections.
func New(script Script) (*Endpoint, error) {
	authority, err := NewAuthority()
	if err != nil {
		return nil, err
	}
	cert, err := authority.Issue(Certificate{})
	if err != nil {
		return nil, err
	}
	e := &Endpoint{
		Authority: authority,
		cert:      cert,
		publish:   func() {},
		script:    script,
		conns:     make(map[net.Conn]bool),
		done:      make(chan struct{}),
	}
	e.reload = func() (Script, error) { return e.current(), nil }
	return e, nil
}

// Listen makes an endpoint that listens on a loopback port until it is closed.
func Listen(script Script) (*Endpoint, error) {
	e, err := New(script)
	if err != nil {
		return nil, err
	}
	return e, e.listen("127.0.0.1:0")
}

func (e *Endpoint) listen(address string) (err error) {
	if e.listener, err = net.Listen("tcp", address); err != nil {
		return err
	}
	e.serving.Add(1)
	go func() {
		defer e.serving.Done()
		for {
			conn, err := e.listener.Accept()
			if err != nil {
				return
			}
			go e.ServeTLS(conn)
		}
	}()
	return nil
}

// Address returns the "127.0.0.1:port" that an endpoint of [Listen] listens on.
func (e *Endpoint) Address() string { return e.listener.Addr().String() }

// Pin returns the pin of its certificate.
func (e *Endpoint) Pin() string { return Pin(e.Certificate()) }

// Certificate returns the certificate that it sends: one for loopback, unless Show changed it.
func (e *Endpoint) Certificate() tls.Certificate {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cert
}

// Show changes the certificate for later connections.
func (e *Endpoint) Show(cert tls.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cert = cert
}

// Set changes the script for later connections.
func (e *Endpoint) Set(script Script) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.script = script
}

// Close closes all connections and waits until they have ended.
func (e *Endpoint) Close() error {
	var err error
	if e.listener != nil {
		err = e.listener.Close()
	}
	e.mu.Lock()
	if !e.closed {
		e.closed = true
		close(e.done)
	}
	for conn := range e.conns {
		conn.Close()
	}
	e.mu.Unlock()
	e.serving.Wait()
	return err
}

func (e *Endpoint) current() Script {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.script
}

// register registers a connection. It returns false if the endpoint is closed.
func (e *Endpoint) register(conn net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns[conn] = true
	e.serving.Add(1)
	return true
}

func (e *Endpoint) end(conn net.Conn) {
	conn.Close()
	e.publish()
	e.mu.Lock()
	delete(e.conns, conn)
	e.mu.Unlock()
	e.serving.Done()
}

// ServeTLS serves one connection, TLS first, until it ends.
func (e *Endpoint) ServeTLS(raw net.Conn) {
	e.serve(raw, func(conn net.Conn) net.Conn {
		return tls.Server(conn, &tls.Config{
			Certificates: []tls.Certificate{e.Certificate()},
			MinVersion:   tls.VersionTLS12,
		})
	})
}

// Serve serves one connection without TLS until it ends.
func (e *Endpoint) Serve(raw net.Conn) {
	e.serve(raw, func(conn net.Conn) net.Conn { return conn })
}

func (e *Endpoint) serve(raw net.Conn, secure func(net.Conn) net.Conn) {
	if !e.register(raw) {
		raw.Close()
		return
	}
	defer e.end(raw)
	script, err := e.reload()
	if err != nil {
		e.records.fault(err)
	}
	if err != nil || script.Refuse {
		return
	}
	e.records.mu.Lock()
	e.records.sessions++
	e.records.mu.Unlock()
	limited := &limitedConn{Conn: raw, in: script.CloseAfterIn, out: script.CloseAfterOut}
	if script.Blackhole {
		limited.silence = e.done
	}
	conn := secure(limited)
	if t, ok := conn.(*tls.Conn); ok && t.Handshake() != nil {
		return
	}
	c := newServerConn(e, &script, conn)
	err = c.run()
	// net.ErrClosed: this side closed it, not the agent.
	if err != nil && !limited.closedByScript() && !c.ended && !errors.Is(err, net.ErrClosed) {
		e.records.fault(err)
	}
	if err == nil || c.ended {
		conn.Close() // close_notify
	}
}
