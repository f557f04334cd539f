package transport

import (
	"crypto/tls"
	"slices"
)

// A TLSConfig defines which endpoints to trust. The zero value trusts the system's authorities.
type TLSConfig struct {
	// CAFile is a PEM file of the authorities to trust; empty for the system's.
	CAFile string
	// Pins are the public keys to trust, each as [ParsePin] reads it; one must match. Without a
	// CAFile the pin alone decides, whatever the certificate's names and dates; with one, both must
	// hold.
	Pins []string
	// ServerName to expect in the certificate; empty for the host that is dialed.
	ServerName string
	// ClientCert is a PEM file with the certificate that this host sends where the endpoint asks
	// for one, followed by its chain; empty for none. It is sent whatever authorities the endpoint
	// asks for, so that a refusal states the reason.
	ClientCert string
	// ClientKey is the PEM file of its private key, accessible to its owner only; empty where the
	// key is in ClientCert's file.
	ClientKey string
}

// A trust is a TLSConfig whose files have been read.
type trust struct {
	*tls.Config
	client *tls.Certificate // nil for none
}

// trust makes the tls.Config of a connection to an endpoint. The caller sets ServerName where c has
// none. The system's authorities cost memory: crypto/x509 loads them only where neither RootCAs nor
// InsecureSkipVerify is set, so not with a CA file or a pin.
// Check returns what is wrong with the configuration and the files that it names.
func (c TLSConfig) Check() error {
	_, err := c.trust()
	return err
}

func (c TLSConfig) trust() (*trust, error) {
	conf := &tls.Config{
		MinVersion: tls.VersionTLS12, ServerName: c.ServerName,
		SessionTicketsDisabled: true,
		// Frames are written whole: short records would only be more system calls.
		DynamicRecordSizingDisabled: true,
	}
	t := &trust{Config: conf}
	if c.CAFile != "" {
		var err error
		if conf.RootCAs, err = ReadCAFile(c.CAFile); err != nil {
			return nil, err
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
		conf.InsecureSkipVerify = conf.RootCAs == nil // VerifyConnection verifies instead
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
