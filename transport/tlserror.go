package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A TLSError is returned when the TLS handshake failed for another reason than the network.
// errors.Is finds [ErrTLS].
type TLSError struct {
	// Host is the name that the certificate must have.
	Host string
	// Reason in one sentence.
	Reason string
	// Err is the error of crypto/tls.
	Err  error
	hint string
}

// Error returns the reason.
func (e *TLSError) Error() string { return e.Reason }

// Hint returns the next step; empty where none is known.
func (e *TLSError) Hint() string { return e.hint }

// Unwrap returns ErrTLS and the cause.
func (e *TLSError) Unwrap() []error { return []error{ErrTLS, e.Err} }

var errNoCertificate = errors.New("no certificate")

type pinError struct{ got Pin }

func (e *pinError) Error() string { return "public key " + e.got.String() + " is not pinned" }

// explainTLS turns the error of a handshake into a TLSError with a hint, and one of the network
// (connection lost, timeout) into ErrUnreachable.
func explainTLS(host string, certUse clientCertUse, err error, now time.Time) error {
	e := &TLSError{Host: host, Err: err}
	var (
		pin     *pinError
		invalid x509.CertificateInvalidError
		name    x509.HostnameError
		unknown x509.UnknownAuthorityError
		roots   x509.SystemRootsError
		record  tls.RecordHeaderError
		verify  *tls.CertificateVerificationError
	)
	sent, alerted := alertOf(err)
	switch {
	case errors.As(err, &pin):
		e.Reason = fmt.Sprintf("the public key of %s is %s, which is not pinned", host, pin.got)
		e.hint = "ask the endpoint's owner for its pin; if the key was changed on purpose, pin the new one"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Reason, e.hint = explainDates(host, invalid.Cert, now)
	case errors.As(err, &name):
		e.Reason = fmt.Sprintf("the certificate is for %s, not for %q", certNames(name.Certificate), host)
		e.hint = "name the endpoint as its certificate does, or set the server name to expect"
	case errors.As(err, &unknown):
		e.Reason, e.hint = explainIssuer(host, err, unknown.Cert)
	case errors.As(err, &roots):
		e.Reason = fmt.Sprintf("the certificate of %s cannot be verified: this system has no list of authorities", host)
		e.hint = "install the system's CA certificates, or give a CA file or a pin"
	case errors.As(err, &record):
		e.Reason = fmt.Sprintf("%s does not speak TLS on this port", host)
		e.hint = "check the port"
	case alerted:
		e.Reason, e.hint = sent.explain(host, certUse, err)
	case strings.Contains(err.Error(), "unsupported protocol version"):
		e.Reason, e.hint = oldVersion(host)
	case errors.As(err, &verify), errors.As(err, &invalid):
		e.Reason = fmt.Sprintf("the certificate of %s is not valid: %s", host, strings.TrimPrefix(err.Error(), "tls: "))
	default:
		var network net.Error
		if errors.As(err, &network) || isEOF(err) || errors.Is(err, context.Canceled) {
			return fmt.Errorf("%w: TLS handshake with %s: %w", ErrUnreachable, host, err)
		}
		e.Reason = fmt.Sprintf("TLS with %s: %s", host, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return e
}

func explainDates(host string, cert *x509.Certificate, now time.Time) (reason, hint string) {
	const day = "2006-01-02 15:04 MST"
	if cert != nil && now.Before(cert.NotBefore) {
		return fmt.Sprintf("the certificate of %s is valid from %s, and this host's clock says %s",
			host, cert.NotBefore.UTC().Format(day), now.UTC().Format(day)), "set this host's clock"
	}
	if cert == nil {
		return fmt.Sprintf("the certificate of %s has expired", host), "renew it"
	}
	return fmt.Sprintf("the certificate of %s expired on %s, and this host's clock says %s",
		host, cert.NotAfter.UTC().Format(day), now.UTC().Format(day)), "renew it, or set this host's clock if that is wrong"
}

func explainIssuer(host string, err error, cert *x509.Certificate) (reason, hint string) {
	leaf := cert
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		leaf = verify.UnverifiedCertificates[0]
	}
	if leaf == nil {
		return fmt.Sprintf("the certificate of %s is signed by an authority that is not trusted", host),
			"give the authority's CA file, or a pin"
	}
	hint = "give the CA file, or, once the endpoint's owner has confirmed it, this pin: " + PinOf(leaf).String()
	if bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
		return fmt.Sprintf("the certificate of %s is self-signed", host), hint
	}
	issuer := sanitize(leaf.Issuer.String(), maxTypeBytes)
	return fmt.Sprintf("the certificate of %s is signed by %q, which is not trusted", host, issuer), hint
}

// certNames lists the names of a certificate, at most a few.
func certNames(cert *x509.Certificate) string {
	var names []string
	for _, name := range cert.DNSNames {
		names = append(names, fmt.Sprintf("%q", sanitize(name, maxTypeBytes)))
	}
	for _, ip := range cert.IPAddresses {
		names = append(names, ip.String())
	}
	const shown = 5
	switch {
	case len(names) == 0:
		return "no host at all"
	case len(names) > shown:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}
