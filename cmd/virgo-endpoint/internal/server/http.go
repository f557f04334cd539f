package server

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
)

// upgradesOff is the version that is sent if there are no upgrades (PROTOCOL.md).
const upgradesOff = "0.0.0-0"

const maxHTTPHeader = 16 << 10

// newHTTPServer answers HTTP on the endpoint's port: GET /upgrades/<channel>/VERSION with upgradesOff,
// everything else with 404. A connection serves one request: a stranger has no connection to keep.
func newHTTPServer(log *slog.Logger, limits Limits) *http.Server {
	server := &http.Server{
		Handler:           http.HandlerFunc(answerHTTP),
		ReadHeaderTimeout: limits.Hello,
		ReadTimeout:       limits.Hello,
		WriteTimeout:      limits.Hello,
		MaxHeaderBytes:    maxHTTPHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	server.SetKeepAlivesEnabled(false)
	return server
}

func answerHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/upgrades/")
	channel, file, _ := strings.Cut(rest, "/")
	if !ok || channel == "" || channel[0] == '.' || file != "VERSION" ||
		r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, upgradesOff+"\n")
}

// A connListener is a net.Listener for connections that were accepted elsewhere; see hand.
type connListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newConnListener() *connListener {
	return &connListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// hand passes a connection to Accept. If the listener is closed, it returns false and the caller keeps
// the connection.
func (l *connListener) hand(nc net.Conn) bool {
	select {
	case l.conns <- nc:
		return true
	case <-l.closed:
		return false
	}
}

func (l *connListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *connListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *connListener) Addr() net.Addr { return &net.TCPAddr{} }

// A prefixedConn is a connection that returns bytes which were read already before the others. It calls
// onClose once, when it is closed.
type prefixedConn struct {
	net.Conn
	prefix  bytes.Reader
	once    sync.Once
	onClose func()
}

func newPrefixedConn(nc net.Conn, prefix []byte, onClose func()) *prefixedConn {
	c := &prefixedConn{Conn: nc, onClose: onClose}
	c.prefix.Reset(prefix)
	return c
}

func (c *prefixedConn) Read(p []byte) (int, error) {
	if c.prefix.Len() > 0 {
		return c.prefix.Read(p)
	}
	return c.Conn.Read(p)
}

func (c *prefixedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.onClose)
	return err
}
