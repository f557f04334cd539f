package transport

import (
	"bytes"
	"crypto/x509"
	"fmt"
)

// ReadCAFile reads the authorities in a PEM file. Its errors name the file.
func ReadCAFile(path string) (*x509.CertPool, error) {
	pem, err := readCert(path, "the authorities' certificates", false)
	if err != nil {
		return nil, fmt.Errorf("read the CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bytes.TrimPrefix(pem, []byte("\ufeff"))) {
		return nil, fmt.Errorf("CA file %q has no PEM certificate", path)
	}
	return pool, nil
}
