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
	// Pins are the only public keys to trust, any one of them, each as [ParsePin] reads it. Without a
	// CAFile the pin alone decides, whatever the certificate says of names and dates; with one, both
	// must hold.
	Pins []string
	// ServerName to expect in the certificate; empty for the host that is dialed.
	ServerName string
}

// config is where every tls.Config of this package is made. The system's roots cost memory: crypto/x509
// loads them only when neither RootCAs nor InsecureSkipVerify is set, so that a CA file or a pin keeps
// them out.
//
// ServerName is left to the caller where c names none.
func (c TLSConfig) config() (*tls.Config, error) {
	conf := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		ServerName:         c.ServerName,
		ClientSessionCache: nil, // every session is a full handshake
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
		pins := make([]Pin, len(c.Pins))
		for i, text := range c.Pins {
			var err error
			if pins[i], err = ParsePin(text); err != nil {
				return nil, err
			}
		}
		conf.InsecureSkipVerify = conf.RootCAs == nil // VerifyConnection decides in its place
		conf.VerifyConnection = func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 {
				return errNoCertificate
			}
			if pin := PinOf(state.PeerCertificates[0]); !slices.Contains(pins, pin) {
				return &pinError{pin}
			}
			return nil
		}
	}
	return conf, nil
}
