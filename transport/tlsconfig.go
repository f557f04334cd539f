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
	// ClientCert is a PEM file with the certificate that this host shows where the endpoint asks for one,
	// its authorities after it; empty for none. It is shown whatever authorities the endpoint asks for,
	// so that a refusal names the reason.
	ClientCert string
	// ClientKey is the PEM file of its private key, which only its owner may read or write; empty where
	// the key is in ClientCert's file.
	ClientKey string
	// TicketSecret gives the secret (the token) that a Dialer's Tickets are sealed under; nil, an error or
	// "" for no resumption.
	TicketSecret func() (string, error)
}

// A trust is a TLSConfig whose files have been read.
type trust struct {
	*tls.Config
	client *tls.Certificate // nil for none
	ca     []byte           // the CA file
}

// trust is where every tls.Config for an endpoint is made. The system's roots cost memory: crypto/x509
// loads them only when neither RootCAs nor InsecureSkipVerify is set, so that a CA file or a pin keeps
// them out.
//
// ServerName is left to the caller where c names none, and so is ClientSessionCache.
func (c TLSConfig) trust() (*trust, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	t := &trust{Config: conf}
	if c.CAFile != "" {
		var err error
		if t.ca, err = os.ReadFile(c.CAFile); err != nil {
			return nil, fmt.Errorf("read the CA file: %w", err)
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(t.ca) {
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
	var err error
	t.client, err = c.clientCertificate()
	return t, err
}
