package trust

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

// Details describes the details that Read reads; from is the detail that names the server's host.
func Details(from string) []collect.Detail {
	return []collect.Detail{
		{Name: "ca_file", Role: schedule.Path, Kind: detail.Path, Summary: "PEM file of the CA certificates to trust instead of the system's"},
		{Name: "cert_file", Role: schedule.Path, Kind: detail.Path, Summary: "PEM file of the client certificate"},
		{Name: "key_file", Role: schedule.Path, From: "cert_file", Kind: detail.Path, Summary: "PEM file of the client certificate's key; it may be in cert_file"},
		{Name: "server_name", Role: schedule.DomainName, From: from, Kind: detail.Host, Summary: "name to expect in the server's certificate, instead of the server's host"},
	}
}

// Read returns a configuration for TLS with host, of which it sets RootCAs, Certificates and
// ServerName. The guard of the check decides on each file. Errors: *[schedule.DetailError],
// *[policy.RefusedError], and those of reading the files.
func Read(d schedule.Details, host string, g *policy.Guard) (*tls.Config, error) {
	var caFile, certFile, keyFile, name string
	for _, detail := range []struct {
		key  string
		text *string
	}{{"ca_file", &caFile}, {"cert_file", &certFile}, {"key_file", &keyFile}, {"server_name", &name}} {
		var err error
		if *detail.text, err = collect.OptionalText(d, detail.key); err != nil {
			return nil, err
		}
	}
	if name == "" {
		name = host
	}
	if err := schedule.ValidateHost("server_name", name); err != nil {
		return nil, err
	}
	c := &tls.Config{ServerName: name}
	if caFile != "" {
		pem, err := ReadFile(caFile, g)
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
		cert, err := keyPair(certFile, keyFile, g)
		if err != nil {
			return nil, fmt.Errorf("reading cert_file: %w", err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

func keyPair(certFile, keyFile string, g *policy.Guard) (tls.Certificate, error) {
	cert, err := ReadFile(certFile, g)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := ReadFile(keyFile, g)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
