package server

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"time"

	"virgo/cmd/virgo-endpoint/internal/intake"
)

// lingerBytes bounds the bytes that are read and discarded while a peer reads its last answers.
const lingerBytes = 1 << 20

// Reasons for closing a connection.
var (
	errMute                 = errors.New("it sent nothing")
	errNoTurn               = errors.New("its turn did not come in time: too many others are served")
	errNoHello              = errors.New("no hello in time")
	errIdle                 = errors.New("no frame in time")
	errSessionsOver         = errors.New("no session is left after a refusal")
	errFailedHellos         = errors.New("too many hellos failed")
	errUnauthenticatedFrame = errors.New("the frame before hello is too large")
	errFirstByte            = errors.New("it speaks neither JSON-RPC nor HTTP")
	errSlowReader           = errors.New("it does not read its answers")
	errDraining             = errors.New("shutting down")
	errWriterEnded          = errors.New("its answers cannot be sent")
)

// handle is a connection's goroutine. It waits for the connection's turn; after the TLS handshake the
// first byte decides whether it serves JSON-RPC or HTTP.
func (s *Server) handle(p *place) {
	log := s.log.With("remote", remoteOf(p.conn))
	handedOver := false // to the HTTP server, which closes it
	defer func() {
		if p := recover(); p != nil {
			log.Error("panic in a connection; it is closed", "panic", p, "stack", string(debug.Stack()))
		}
		if !handedOver {
			s.release(p)
		}
	}()
	begun, granted, err := s.await(p)
	if err != nil {
		s.logEnd(log, err)
		return
	}
	deadline := time.Now().Add(s.opt.Limits.Hello)
	p.conn.SetDeadline(deadline)
	if s.isDraining() { // Shutdown may have set its deadline before this one
		return
	}
	tc, err := s.handshake(p, begun, log)
	if err != nil {
		return
	}
	if client := clientName(tc.ConnectionState().PeerCertificates); client != "" {
		log = log.With("client", client)
	}
	first, err := firstByte(tc)
	if err != nil {
		s.logEnd(log, timeoutAs(err, errNoHello))
		tc.Close()
		return
	}
	switch b := first[0]; {
	case b == '{':
		c := newConn(s, p, tc, log, deadline)
		c.refusing = granted == refusing
		c.serve(first)
	case b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z':
		handedOver = s.httpConns.hand(newPrefixedConn(tc, first, p, func() { s.release(p) }))
	default:
		s.logEnd(log, fmt.Errorf("%w: its first byte is %q", errFirstByte, first))
		tc.Close()
	}
}

// await reads the first byte of a connection and waits for its turn. granted is greeting or refusing.
func (s *Server) await(p *place) (begun []byte, granted stage, err error) {
	p.conn.SetReadDeadline(time.Now().Add(s.opt.Limits.FirstByte))
	if s.isDraining() { // Shutdown may have set its deadline before this one
		return nil, gone, errDraining
	}
	if begun, err = firstByte(p.conn); err != nil {
		return nil, gone, timeoutAs(err, errMute)
	}
	s.admission.heard(p)
	late := time.NewTimer(s.opt.Limits.Turn / 2)
	defer late.Stop()
	for waits := 0; ; waits++ {
		select {
		case granted = <-p.granted:
			if granted == gone {
				return nil, gone, net.ErrClosed
			}
			return begun, granted, nil
		case <-late.C:
			if waits > 0 {
				return nil, gone, errNoTurn
			}
			s.admission.tooLong(p)
			late.Reset(s.opt.Limits.Turn / 2)
		case <-s.draining:
			return nil, gone, errDraining
		}
	}
}

// handshake is TLS. It logs its error.
func (s *Server) handshake(p *place, begun []byte, log *slog.Logger) (*tls.Conn, error) {
	nc := newHandshakeConn(p.conn, begun, s.turns)
	defer nc.done()
	s.admission.began(p)
	tc := tls.Server(nc, s.opt.TLS)
	err := tc.HandshakeContext(context.Background())
	var refused *tls.CertificateVerificationError
	switch {
	case err == nil:
		return tc, nil
	case errors.As(err, &refused):
		log.Warn("a client's certificate was refused",
			"client", clientName(refused.UnverifiedCertificates), "error", err)
	case !s.admission.displaced(p): // then it was logged
		log.Info("TLS failed", "error", err)
	}
	return nil, err
}

// clientName returns the name in a client's certificate, for the log; empty if it sent none.
func clientName(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return ""
	}
	c := certs[0]
	switch {
	case c.Subject.CommonName != "":
		return intake.Shorten(c.Subject.CommonName)
	case len(c.DNSNames) > 0:
		return intake.Shorten(c.DNSNames[0])
	}
	return "serial " + intake.Shorten(c.SerialNumber.String())
}

// logEnd logs why a connection ended: ordinary ends at level debug, the others as warnings.
func (s *Server) logEnd(log *slog.Logger, err error) {
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, errDraining), errors.Is(err, net.ErrClosed),
		errors.Is(err, errSessionsOver), errors.Is(err, errWriterEnded): // the writer logged why
		log.Debug("connection ended", "reason", fmt.Sprint(err))
	default:
		log.Warn("connection closed", "reason", err)
	}
}

func (s *Server) isDraining() bool { return isClosed(s.draining) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// timeoutAs returns reason where err is a passed deadline, else err.
func timeoutAs(err, reason error) error {
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

// closeAfter closes a connection so that its peer can read what was sent last: closing TCP with unread
// bytes in the receive buffer resets the connection, and the peer would lose them (RFC 1122, 4.2.2.13).
func closeAfter(tc *tls.Conn, limit time.Duration) {
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
