package transport

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"slices"
)

// A TLSConfig says whom to trust. The zero value trusts the system's roots.
type TLSConfig struct {
	// CAFile is a PEM file of the only authorities to trust; empty for the system's.
	CAFile string
	// Pins are the only public keys to trust, any one of them. Without a CAFile the pin alone decides,
	// whatever the certificate says of names and dates; with one, both must hold.
	Pins []Pin
	// ServerName to expect in the certificate; empty for the host that is dialed.
	ServerName string
}

// config is where every tls.Config of this package is made. The system's roots cost memory: crypto/x509
// loads them only when neither RootCAs nor InsecureSkipVerify is set, so that a CA file or a pin keeps
// them out.
func (c TLSConfig) config(host string) (*tls.Config, error) {
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         host,
		ClientSessionCache: nil, // every session is a full handshake
	}
	if c.ServerName != "" {
		conf.ServerName = c.ServerName
	}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the CA file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("CA file %q holds no PEM certificate", c.CAFile)
		}
	}
	if len(c.Pins) > 0 {
		conf.InsecureSkipVerify = conf.RootCAs == nil // VerifyConnection decides in its place
		conf.VerifyConnection = func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errNoCertificate
			}
			if pin := PinOf(state.PeerCertificates[0]); !slices.Contains(c.Pins, pin) {
				return &pinError{pin}
			}
			return nil
		}
	}
	return conf, nil
}
