package transporttest

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"sync"
)

// An Endpoint serves what its Script says.
type Endpoint struct {
	// Authority signed its certificate.
	Authority *Authority
	// For Program: reload gives the script for a new connection, publish writes the books out.
	reload  func() (Script, error)
	publish func()

	listener net.Listener
	books    books
	serving  sync.WaitGroup
	done     chan struct{} // closed by Close

	mu     sync.Mutex
	cert   tls.Certificate
	ticket [32]byte // key of the sessions that may be resumed
	script Script
	conns  map[net.Conn]bool
	closed bool
}

// New makes an endpoint that does not listen: [Endpoint.ServeTLS] and [Endpoint.Serve] serve the
// connections that they are given.
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
	rand.Read(e.ticket[:])
	e.reload = func() (Script, error) { return e.current(), nil }
	return e, nil
}

// Listen makes an endpoint that listens on a port of loopback's until it is closed.
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

// Address gives "127.0.0.1:port" of one that listens.
func (e *Endpoint) Address() string { return e.listener.Addr().String() }

// Pin gives the pin of its certificate.
func (e *Endpoint) Pin() string { return Pin(e.Certificate()) }

// Certificate gives what it shows: one for loopback, unless Show changed it.
func (e *Endpoint) Certificate() tls.Certificate {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.cert
}

// Show changes the certificate for the connections to come.
func (e *Endpoint) Show(cert tls.Certificate) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.cert = cert
}

// Set changes the script for the connections to come.
func (e *Endpoint) Set(script Script) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.script = script
}

// Close ends all connections and waits for them.
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

// begin registers a connection; false when the endpoint is closed.
func (e *Endpoint) begin(conn net.Conn) bool {
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
		conf := &tls.Config{
			Certificates: []tls.Certificate{e.Certificate()},
			MinVersion:   tls.VersionTLS12,
		}
		if script, err := e.reload(); err == nil && script.Resume {
			conf.SetSessionTicketKeys([][32]byte{e.ticket}) // else each connection's key is its own
		}
		return tls.Server(conn, conf)
	})
}

// Serve serves one connection without TLS until it ends.
func (e *Endpoint) Serve(raw net.Conn) {
	e.serve(raw, func(conn net.Conn) net.Conn { return conn })
}

func (e *Endpoint) serve(raw net.Conn, secure func(net.Conn) net.Conn) {
	if !e.begin(raw) {
		raw.Close()
		return
	}
	defer e.end(raw)
	script, err := e.reload()
	if err != nil {
		e.books.fault(err)
	}
	if err != nil || script.Refuse {
		return
	}
	e.books.mu.Lock()
	e.books.sessions++
	e.books.mu.Unlock()
	limited := &cutter{Conn: raw, in: script.CutIn, out: script.CutOut}
	if script.Silent {
		limited.silence = e.done
	}
	conn := secure(limited)
	if t, ok := conn.(*tls.Conn); ok && t.Handshake() != nil {
		return
	}
	c := newConversation(e, &script, conn)
	err = c.run()
	// Whoever closed this side's connection, it was not the agent.
	if err != nil && !limited.spent() && !c.ended && !errors.Is(err, net.ErrClosed) {
		e.books.fault(err)
	}
	if err == nil || c.ended {
		conn.Close() // close_notify
	}
}
