package server

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const maxHTTPHeader = 16 << 10

// newHTTPServer answers HTTP on the endpoint's port: GET /upgrades/<channel>/VERSION, published files,
// everything else with 404. A connection serves one request: a stranger has no connection to keep.
func (s *Server) newHTTPServer(log *slog.Logger, limits Limits) *http.Server {
	server := &http.Server{
		Handler:           http.HandlerFunc(s.answerHTTP),
		ConnContext:       withPlace,
		ReadHeaderTimeout: limits.Hello,
		ReadTimeout:       limits.Hello,
		WriteTimeout:      limits.Hello,
		MaxHeaderBytes:    maxHTTPHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	server.SetKeepAlivesEnabled(false)
	return server
}

func (s *Server) answerHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/upgrades/")
	channel, file, _ := strings.Cut(rest, "/")
	switch {
	case !ok || channel == "" || channel[0] == '.' || r.Method != http.MethodGet && r.Method != http.MethodHead:
		http.NotFound(w, r)
	case file == "VERSION": // of the program
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		io.WriteString(w, cmp.Or(s.opt.Upgrades.ProgramsVersion(channel), upgradesOff)+"\n")
	default:
		s.download(w, r, channel, file)
	}
}

// download serves a published file, or a range of it. It holds no place that a session could have: it counts against
// Limits.Downloads, and among the connections only against all of them.
func (s *Server) download(w http.ResponseWriter, r *http.Request, channel, name string) {
	end, ok := s.downloads.begin(peerOf(r))
	if !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter.Seconds())))
		http.Error(w, "too many downloads are in progress", http.StatusServiceUnavailable)
		return
	}
	defer end()
	p, err := s.openPublished(channel, name)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	defer p.Content.Close()
	if at, ok := r.Context().Value(placeKey{}).(*place); ok {
		s.admission.move(at, closing)
	}
	if strings.Contains(r.Header.Get("Range"), ",") || len(r.Header["Range"]) > 1 {
		r.Header.Del("Range") // several ranges: the whole file is as good an answer (RFC 9110, 14.2)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("ETag", etagOf(&p))
	paced := newPacedWriter(w)
	stop := context.AfterFunc(s.downloading, paced.abort)
	defer stop()
	http.ServeContent(paced, r, "", time.Time{}, p.Content)
}

// placeKey is the key of a connection's place in the context of its request.
type placeKey struct{}

func withPlace(ctx context.Context, nc net.Conn) context.Context {
	if c, ok := nc.(*prefixedConn); ok {
		return context.WithValue(ctx, placeKey{}, c.place)
	}
	return ctx
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
	place   *place
	once    sync.Once
	onClose func()
}

func newPrefixedConn(nc net.Conn, prefix []byte, p *place, onClose func()) *prefixedConn {
	c := &prefixedConn{Conn: nc, place: p, onClose: onClose}
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
