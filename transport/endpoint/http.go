package endpoint

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// upgradesOff is the version that says that there are no upgrades (PROTOCOL.md).
const upgradesOff = "0.0.0-0"

const (
	httpTimeout   = 30 * time.Second
	maxHTTPHeader = 16 << 10
)

// newHTTPServer answers what speaks HTTP on the endpoint's port: GET /upgrades/<channel>/VERSION with
// upgradesOff, and 404 to the rest.
func newHTTPServer(log *slog.Logger, limits Limits) *http.Server {
	return &http.Server{
		Handler:           http.HandlerFunc(answerHTTP),
		ReadHeaderTimeout: limits.Hello,
		ReadTimeout:       httpTimeout,
		WriteTimeout:      limits.Write,
		IdleTimeout:       httpTimeout,
		MaxHeaderBytes:    maxHTTPHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

func answerHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/upgrades/")
	channel, file, _ := strings.Cut(rest, "/")
	if !ok || !plainName(channel) || file != "VERSION" || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, upgradesOff+"\n")
}

// A handover is a listener whose connections are handed to it.
type handover struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// give hands a connection over; false, and it is not, where the listener is closed.
func (h *handover) give(nc net.Conn) bool {
	select {
	case h.conns <- nc:
		return true
	case <-h.closed:
		return false
	}
}

func (h *handover) Accept() (net.Conn, error) {
	select {
	case nc := <-h.conns:
		return nc, nil
	case <-h.closed:
		return nil, net.ErrClosed
	}
}

func (h *handover) Close() error {
	h.once.Do(func() { close(h.closed) })
	return nil
}

func (h *handover) Addr() net.Addr { return &net.TCPAddr{} }

// A begunConn is a connection of which some bytes were read already; closed is called once when it is
// closed.
type begunConn struct {
	net.Conn
	begun  bytes.Reader
	once   sync.Once
	closed func()
}

func (c *begunConn) Read(p []byte) (int, error) {
	if c.begun.Len() > 0 {
		return c.begun.Read(p)
	}
	return c.Conn.Read(p)
}

func (c *begunConn) Close() error {
	err := c.Conn.Close()
	c.once.Do(c.closed)
	return err
}
