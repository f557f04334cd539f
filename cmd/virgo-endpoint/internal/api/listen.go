package api

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"virgo/cmd/virgo-endpoint/internal/peer"
)

// Bounds of connections.
const (
	maxConnections = 256
	// maxOfAddress are those of one address, so that a stranger cannot shut others out. Loopback and trusted proxies have
	// no such bound: they stand for many.
	maxOfAddress   = 64
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

// Listen listens on an address: with TLS, unless it is one of loopback. secure says which. proxies are addresses that stand
// for many people. Errors: ErrNeedsTLS without a configuration, and those of listening.
func Listen(ctx context.Context, address string, cfg *tls.Config, proxies ...netip.Prefix) (l net.Listener, secure bool, err error) {
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, false, err
	}
	l = limited(inner, proxies)
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
func ListenTLS(ctx context.Context, address string, cfg *tls.Config, proxies ...netip.Prefix) (net.Listener, error) {
	var lc net.ListenConfig
	inner, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(limited(inner, proxies), cfg), nil
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

// A limitedListener has a number of open connections; further ones wait in the system's queue. Those of an address that has
// too many are closed.
type limitedListener struct {
	net.Listener
	places  chan struct{}
	proxies []netip.Prefix

	mu   sync.Mutex
	open map[netip.Prefix]int
}

func limited(inner net.Listener, proxies []netip.Prefix) *limitedListener {
	return &limitedListener{Listener: inner, places: make(chan struct{}, maxConnections), proxies: proxies, open: map[netip.Prefix]int{}}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		l.places <- struct{}{} // frees itself: no connection lasts longer than its time limits
		nc, err := l.Listener.Accept()
		if err != nil {
			<-l.places
			return nil, err
		}
		from := peer.OfConn(nc)
		if l.enter(from) {
			return &limitedConn{Conn: nc, release: func() { l.leave(from) }}, nil
		}
		nc.Close()
		<-l.places
	}
}

// enter counts a connection, unless its address has too many.
func (l *limitedListener) enter(from netip.Prefix) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[from] >= maxOfAddress && !l.standsForMany(from) {
		return false
	}
	l.open[from]++
	return true
}

func (l *limitedListener) leave(from netip.Prefix) {
	l.mu.Lock()
	if l.open[from]--; l.open[from] == 0 {
		delete(l.open, from)
	}
	l.mu.Unlock()
	<-l.places
}

func (l *limitedListener) standsForMany(from netip.Prefix) bool {
	return !from.IsValid() || from.Addr().IsLoopback() || from == loopback6 ||
		slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Overlaps(from) })
}

// loopback6 is ::1 as a peer.
var loopback6 = peer.Of(netip.IPv6Loopback())

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
