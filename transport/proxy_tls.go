package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"
)

// secure does the TLS handshake with the proxy itself. Its certificate must be for its name and
// signed by an authority of the CA file or of the system: who runs an authority for endpoints need
// not use it for the proxy. Pins are for the endpoint only.
func (p Proxy) secure(ctx context.Context, raw net.Conn, own *x509.CertPool) (net.Conn, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: p.host}
	if own != nil {
		conf.InsecureSkipVerify = true // VerifyConnection verifies instead
		conf.VerifyConnection = func(state tls.ConnectionState) error { return verifyUnder(own, p.host, state) }
	}
	conn := tls.Client(raw, conf)
	err := conn.HandshakeContext(ctx)
	if err == nil {
		return conn, nil
	}
	err = explainTLS(p.host, certNotRequested, shortNetError(ctx, err), time.Now())
	var (
		failed *TLSError
		record tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &record):
		return nil, &ProxyError{
			Proxy: p.String(), Reason: "does not speak TLS", Err: err, final: true,
			hint: `the URL of a proxy without TLS begins with "http://"`,
		}
	case errors.As(err, &failed):
		return nil, &ProxyError{
			Proxy: p.String(), Reason: "cannot be trusted: " + failed.Reason, Err: failed, final: true,
			hint: "its certificate must be for the proxy's name, signed by an authority of the system or of the CA file; " +
				"pins are for the endpoint only",
		}
	case errors.Is(err, context.DeadlineExceeded):
		return nil, p.interrupted("gave no answer in time", err)
	}
	return nil, p.interrupted("closed the connection during the TLS handshake", err)
}

// verifyUnder verifies a server's certificates with own authorities, then with the system's.
func verifyUnder(own *x509.CertPool, host string, state tls.ConnectionState) error {
	if len(state.PeerCertificates) == 0 {
		return errNoCertificate
	}
	opt := x509.VerifyOptions{Roots: own, DNSName: host, Intermediates: x509.NewCertPool()}
	for _, c := range state.PeerCertificates[1:] {
		opt.Intermediates.AddCert(c)
	}
	_, err := state.PeerCertificates[0].Verify(opt)
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		opt.Roots = nil // the system's, loaded only here
		if _, err2 := state.PeerCertificates[0].Verify(opt); err2 == nil {
			return nil
		}
	}
	return err
}
