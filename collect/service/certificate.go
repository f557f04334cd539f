package service

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"

	"virgo/collect"
	"virgo/schedule"
)

// maxFileBytes of a file that a detail names.
const maxFileBytes = 1 << 20

// tlsDetails describes the details that readTLS reads.
func tlsDetails() []collect.Detail {
	return []collect.Detail{
		{Name: "tls_verify", Summary: "false: take any certificate of the server's (true)"},
		{Name: "ca_file", Summary: "PEM file with the certificates to trust in place of the system's"},
		{Name: "cert_file", Summary: "PEM file with a certificate to show the server"},
		{Name: "key_file", Summary: "PEM file with the key of cert_file (cert_file)"},
		{Name: "server_name", Summary: "name that the server's certificate must have (its host)"},
	}
}

// readTLS reads the details that say how to talk TLS with host. Errors: *[schedule.DetailError], and those of
// reading the files.
func readTLS(d schedule.Details, host string) (*tls.Config, error) {
	verify, err := d.Bool("tls_verify", true)
	if err != nil {
		return nil, err
	}
	var caFile, certFile, keyFile, name string
	if err := readTexts(d, map[string]*string{
		"ca_file": &caFile, "cert_file": &certFile, "key_file": &keyFile, "server_name": &name,
	}); err != nil {
		return nil, err
	}
	if name == "" {
		name = host
	}
	c := &tls.Config{ServerName: name, InsecureSkipVerify: !verify}
	if caFile != "" {
		pem, err := readRegular(caFile)
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
	cert, err := readRegular(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := readRegular(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}

// readRegular reads a file that a detail names, at most maxFileBytes; a pipe or a device, which might never
// end, is refused.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &os.PathError{Op: "read", Path: path, Err: errors.New("not a file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxFileBytes {
		return nil, &os.PathError{Op: "read", Path: path, Err: fmt.Errorf("longer than %d bytes", maxFileBytes)}
	}
	return data, nil
}
