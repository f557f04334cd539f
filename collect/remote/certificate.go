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

// maxNamesBytes is how much of a certificate's names is reported.
const maxNamesBytes = 4096

// A certificate is a server's certificate.
type certificate struct {
	leaf *x509.Certificate
	// fault is why the certificate is not trusted; empty if it is trusted.
	fault string
}

// reportingTLS returns a TLS configuration with the names and certificates of c that accepts any
// certificate, unless seen returns an error for it.
func reportingTLS(c *tls.Config, now time.Time, seen func(certificate) error) *tls.Config {
	return &tls.Config{
		ServerName:         c.ServerName,
		Certificates:       c.Certificates,
		InsecureSkipVerify: true, // VerifyConnection verifies, and reports instead of failing
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := state.PeerCertificates
			if len(chain) == 0 {
				return errors.New("the server has no certificate")
			}
			return seen(certificate{chain[0], certificateFaults(chain, c.ServerName, c.RootCAs, now)})
		},
	}
}

// certificateFaults returns all reasons not to trust a chain, whose leaf is first: its time, its
// name, its signature. roots are the trusted authorities; nil: the system's.
func certificateFaults(chain []*x509.Certificate, host string, roots *x509.CertPool, now time.Time) string {
	leaf := chain[0]
	var all []string
	verifyTime := now // a time at which the leaf is valid
	switch {
	case now.After(leaf.NotAfter):
		all = append(all, "certificate expired at "+leaf.NotAfter.UTC().Format(time.RFC3339))
		verifyTime = leaf.NotAfter
	case now.Before(leaf.NotBefore):
		all = append(all, "certificate is not valid before "+leaf.NotBefore.UTC().Format(time.RFC3339))
		verifyTime = leaf.NotBefore
	}
	if err := leaf.VerifyHostname(host); err != nil {
		all = append(all, fmt.Sprintf("certificate is not for %s", host))
	}
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	// Time and name were checked above, so this checks the signatures.
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: verifyTime,
	})
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

// add adds the metrics of the certificate.
func (c certificate) add(f *collect.MetricBuilder, now time.Time) {
	addUint32(f, "cert_start", c.leaf.NotBefore.Unix(), "seconds")
	addUint32(f, "cert_end", c.leaf.NotAfter.Unix(), "seconds")
	addInt32(f, "cert_end_in", int64(c.leaf.NotAfter.Sub(now)/time.Second), "seconds")
	f.Text("cert_issuer", sanitize(c.leaf.Issuer.String(), maxNamesBytes))
	f.Text("cert_subject", sanitize(c.leaf.Subject.String(), maxNamesBytes))
	names := strings.Join(alternativeNames(c.leaf), ", ")
	f.Text("cert_subject_alternative_names", sanitize(names, maxNamesBytes))
	f.Text("cert_error", sanitize(c.fault, maxNamesBytes))
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
