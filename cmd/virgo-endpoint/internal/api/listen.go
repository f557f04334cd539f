package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Bounds of connections.
const (
	maxConnections = 256
	headerTime     = 5 * time.Second
	answerTime     = 30 * time.Second // a stream extends it
	idleTime       = time.Minute
	maxHeaderBytes = 16 << 10
)

// ErrNeedsTLS is returned for an address that others can reach, without TLS.
var ErrNeedsTLS = errors.New("an address that other hosts can reach needs TLS")

// A Server serves an API on a listener of its own.
type Server struct {
	http     *http.Server
	listener net.Listener
}

// Listen listens on an address: with TLS, unless it is one of loopback. secure says which. Errors:
// ErrNeedsTLS without a configuration, and those of listening.
func Listen(ctx context.Context, address string, cfg *tls.Config) (l net.Listener, secure bool, err error) {
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, false, err
	}
	l = &limitedListener{Listener: inner, places: make(chan struct{}, maxConnections)}
	at, ok := inner.Addr().(*net.TCPAddr)
	switch {
	case ok && at.IP.IsLoopback():
		return l, false, nil
	case cfg == nil:
		inner.Close()
		return nil, false, fmt.Errorf("%w: %s", ErrNeedsTLS, inner.Addr())
	}
	return tls.NewListener(l, cfg), true, nil
}

// ListenTLS listens on an address with TLS, also on one of loopback.
func ListenTLS(ctx context.Context, address string, cfg *tls.Config) (net.Listener, error) {
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(&limitedListener{Listener: inner, places: make(chan struct{}, maxConnections)}, cfg), nil
}

// NewServer serves an API to the connections of a listener.
func NewServer(a *API, l net.Listener) *Server { return NewSite(a, l, a.Log) }

// NewSite serves something else than an API, with the same bounds.
func NewSite(handler http.Handler, l net.Listener, log *slog.Logger) *Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // one request at a time on a connection, so the bound of connections bounds all
	return &Server{listener: l, http: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTime,
		ReadTimeout:       headerTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeaderBytes,
		Protocols:         protocols,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}}
}

// Serve accepts connections until Shutdown.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving over HTTP: %w", err)
	}
	return nil
}

// Shutdown ends the server: requests that go on are answered until ctx is done.
func (s *Server) Shutdown(ctx context.Context) {
	if s.http.Shutdown(ctx) != nil {
		s.http.Close()
	}
}

// A limitedListener has a number of open connections; further ones wait in the system's queue.
type limitedListener struct {
	net.Listener
	places chan struct{}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	l.places <- struct{}{} // frees itself: no connection lasts longer than its time limits
	nc, err := l.Listener.Accept()
	if err != nil {
		<-l.places
		return nil, err
	}
	return &limitedConn{Conn: nc, release: func() { <-l.places }}, nil
}

type limitedConn struct {
	net.Conn
	once    sync.Once
	release func()
}

func (c *limitedConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.release)
	return err
}
