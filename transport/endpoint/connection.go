package endpoint

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"
)

// lingerBytes bounds what is read and thrown away while a peer reads its last answers.
const lingerBytes = 1 << 20

// Reasons for closing a connection.
var (
	errNoHello       = errors.New("no hello in time")
	errIdle          = errors.New("nothing heard in time")
	errFailedHellos  = errors.New("too many hellos failed")
	errStrangerFrame = errors.New("a frame too large before hello")
	errFirstByte     = errors.New("it speaks neither JSON-RPC nor HTTP")
	errDraining      = errors.New("shutting down")
	errBroken        = errors.New("its answers cannot be sent")
)

// handle is a connection's goroutine: TLS, then the first byte decides who goes on with it.
func (s *Server) handle(nc net.Conn) {
	log := s.log.With("remote", remoteOf(nc))
	kept := false // by the HTTP server
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic in a connection; it is closed", "panic", p, "stack", string(debug.Stack()))
		}
		if !kept {
			s.release(nc)
		}
	}()
	deadline := time.Now().Add(s.limits.Hello)
	nc.SetDeadline(deadline)
	if s.isDraining() { // its deadline was set before ours
		return
	}
	tc := tls.Server(nc, s.tls)
	if err := tc.HandshakeContext(context.Background()); err != nil {
		var refused *tls.CertificateVerificationError
		if errors.As(err, &refused) {
			log.Warn("a client's certificate was refused", "client", clientOf(refused.UnverifiedCertificates), "error", err)
		} else {
			log.Info("TLS failed", "error", err)
		}
		return
	}
	if client := clientOf(tc.ConnectionState().PeerCertificates); client != "" {
		log = log.With("client", client)
	}
	first := make([]byte, 1)
	if _, err := io.ReadFull(tc, first); err != nil {
		s.logEnd(log, unhurried(err, errNoHello))
		tc.Close()
		return
	}
	switch b := first[0]; {
	case b == '{':
		c := newConn(s, tc, log, deadline)
		c.serve(first)
	case b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z':
		nc.SetDeadline(time.Time{})
		bc := &begunConn{Conn: tc, closed: func() { s.release(nc) }}
		bc.begun.Reset(first)
		kept = s.letters.give(bc)
	default:
		s.logEnd(log, fmt.Errorf("%w: its first byte is %q", errFirstByte, first))
		tc.Close()
	}
}

// logEnd says why a connection ended: ordinary ends to whoever asks for debug, the others to all.
func (s *Server) logEnd(log *slog.Logger, err error) {
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, errDraining), errors.Is(err, net.ErrClosed),
		errors.Is(err, errBroken): // the writer said why
		log.Debug("connection ended", "reason", fmt.Sprint(err))
	default:
		log.Warn("connection closed", "reason", err)
	}
}

func (s *Server) isDraining() bool {
	select {
	case <-s.draining:
		return true
	default:
		return false
	}
}

// unhurried gives a passed deadline its reason.
func unhurried(err, reason error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return reason
	}
	return err
}

func remoteOf(nc net.Conn) string {
	if a := nc.RemoteAddr(); a != nil {
		return a.String()
	}
	return ""
}

// linger closes a connection so that its peer can read what was sent last: closing TCP with unread
// bytes in the receive buffer resets the connection, and the peer would lose them (RFC 1122, 4.2.2.13).
func linger(tc *tls.Conn, limit time.Duration) {
	defer tc.Close()
	tc.SetDeadline(time.Now().Add(limit))
	if tc.CloseWrite() != nil {
		return
	}
	raw := tc.NetConn()
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		half.CloseWrite()
	}
	io.CopyN(io.Discard, raw, lingerBytes)
}
