package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"virgo/collect"
	"virgo/schedule"
)

// Details describes the details that Read reads.
func Details() []collect.Detail {
	return []collect.Detail{
		{Name: "ca_file", Summary: "PEM file with the certificates to trust in place of the system's"},
		{Name: "cert_file", Summary: "PEM file with a certificate to show the server"},
		{Name: "key_file", Summary: "PEM file with the key of cert_file (cert_file)"},
		{Name: "server_name", Summary: "name that the server's certificate must have (its host)"},
	}
}

// Read gives the names and certificates with which to talk TLS with host: RootCAs, Certificates and ServerName, and
// nothing else. Errors: *[schedule.DetailError], and those of reading the files.
func Read(d schedule.Details, host string) (*tls.Config, error) {
	caFile, err := collect.OptionalText(d, "ca_file")
	if err != nil {
		return nil, err
	}
	certFile, err := collect.OptionalText(d, "cert_file")
	if err != nil {
		return nil, err
	}
	keyFile, err := collect.OptionalText(d, "key_file")
	if err != nil {
		return nil, err
	}
	name, err := collect.OptionalText(d, "server_name")
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = host
	}
	c := &tls.Config{ServerName: name}
	if caFile != "" {
		pem, err := ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("reading ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("reading ca_file: no certificate in %s", caFile)
		}
	}
	if certFile != "" {
		if keyFile == "" {
			keyFile = certFile
		}
		cert, err := keyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("reading cert_file: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

func keyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := ReadFile(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ReadFile(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
