package remote

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"virgo/collect"
)

// maxNamesBytes of a certificate's names are reported.
const maxNamesBytes = 4096

// A certificate is what is reported of the one that a server showed.
type certificate struct {
	leaf *x509.Certificate
	// fault says why it is not to be trusted; empty: it is.
	fault string
}

// look is a TLS configuration with the names and certificates of c that takes any certificate that seen does.
func look(c *tls.Config, now time.Time, seen func(certificate) error) *tls.Config {
	return &tls.Config{
		ServerName:         c.ServerName,
		Certificates:       c.Certificates,
		InsecureSkipVerify: true, // not skipped: VerifyConnection does it, and reports instead of failing
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errors.New("the server showed no certificate")
			}
			return seen(certificate{state.PeerCertificates[0], faults(state.PeerCertificates, c.ServerName, c.RootCAs, now)})
		},
	}
}

// faults says all that is wrong with a chain, leaf first: its time, its name, who signed it. Trusted are roots, or the
// system's where that is nil.
func faults(chain []*x509.Certificate, host string, roots *x509.CertPool, now time.Time) string {
	leaf := chain[0]
	var all []string
	at := now
	switch {
	case now.After(leaf.NotAfter):
		all = append(all, "certificate expired at "+leaf.NotAfter.UTC().Format(time.RFC3339))
		at = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		all = append(all, "certificate is not valid before "+leaf.NotBefore.UTC().Format(time.RFC3339))
		at = leaf.NotBefore
	}
	if err := leaf.VerifyHostname(host); err != nil {
		all = append(all, fmt.Sprintf("certificate is not for %s", host))
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	// Time and name were looked at: what is left is whether somebody trusted signed it.
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: at})
	unknown := new(x509.UnknownAuthorityError)
	switch {
	case err == nil:
	case errors.As(err, unknown) && bytes.Equal(leaf.RawIssuer, leaf.RawSubject) && len(chain) == 1:
		all = append(all, "certificate is self-signed")
	case errors.As(err, unknown):
		all = append(all, "certificate is signed by an unknown authority")
	default:
		all = append(all, strings.TrimPrefix(err.Error(), "x509: "))
	}
	return strings.Join(all, "; ")
}

// add reports it.
func (c certificate) add(f *collect.Figures, now time.Time) {
	number(f, "cert_start", c.leaf.NotBefore.Unix(), "seconds")
	number(f, "cert_end", c.leaf.NotAfter.Unix(), "seconds")
	signed(f, "cert_end_in", int64(c.leaf.NotAfter.Sub(now)/time.Second), "seconds")
	f.Text("cert_issuer", cut(c.leaf.Issuer.String(), maxNamesBytes))
	f.Text("cert_subject", cut(c.leaf.Subject.String(), maxNamesBytes))
	f.Text("cert_subject_alternative_names", cut(strings.Join(alternativeNames(c.leaf), ", "), maxNamesBytes))
	f.Text("cert_error", cut(c.fault, maxNamesBytes))
}

func alternativeNames(leaf *x509.Certificate) []string {
	names := append([]string(nil), leaf.DNSNames...)
	for _, ip := range leaf.IPAddresses {
		names = append(names, ip.String())
	}
	names = append(names, leaf.EmailAddresses...)
	for _, u := range leaf.URIs {
		names = append(names, u.String())
	}
	return names
}
