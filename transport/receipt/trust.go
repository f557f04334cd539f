package receipt

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"virgo/transport"
)

// Trust defines whose receipts are accepted, as [transport.TLSConfig] does for connections.
type Trust struct {
	// CAFile is a PEM file with the authorities to trust; empty means the system's.
	CAFile string
	// Pins are the public keys to trust, each as [transport.ParsePin] reads it; one must match.
	// Without a CAFile a pin alone decides; with one, both must hold.
	Pins []string
	// ServerName is the name that the certificate must have; it may be empty only with a CAFile or
	// pins.
	ServerName string
}

// verify verifies the signer's certificate, the first of the chain, as of the time of signing.
func (t Trust) verify(chain []*x509.Certificate, issued, now time.Time) error {
	leaf := chain[0]
	if len(t.Pins) > 0 {
		pins := make([]transport.Pin, len(t.Pins))
		for i, text := range t.Pins {
			var err error
			if pins[i], err = transport.ParsePin(text); err != nil {
				return err
			}
		}
		got := transport.PinOf(leaf)
		if !slices.Contains(pins, got) {
			return &hinted{
				fmt.Errorf("%w: its key is %s, which is not pinned", ErrUntrusted, got),
				"if the endpoint's owner says that this is its key, pin it (--pin)",
			}
		}
		if t.CAFile == "" {
			return nil
		}
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return fmt.Errorf("%w: its certificate is not for signatures", ErrUntrusted)
	}
	opt := x509.VerifyOptions{
		DNSName:       t.ServerName,
		Intermediates: x509.NewCertPool(),
		CurrentTime:   issued,
		// A client's certificate of the same authority must not be accepted.
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	for _, c := range chain[1:] {
		opt.Intermediates.AddCert(c)
	}
	if t.CAFile != "" {
		var err error
		if opt.Roots, err = transport.ReadCAFile(t.CAFile); err != nil {
			return err
		}
	} else if t.ServerName == "" {
		return &hinted{fmt.Errorf("%w: %w", ErrUntrusted, errNoName), "give the endpoint's pin or CA file (--pin, --ca)"}
	}
	if _, err := leaf.Verify(opt); err != nil {
		return explain(err, leaf, issued, now)
	}
	return nil
}

// explain returns an error of crypto/x509 with a message and a hint.
func explain(err error, leaf *x509.Certificate, issued, now time.Time) error {
	const day = "2006-01-02 15:04 MST"
	var (
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
	)
	pin := "give the CA file of its authority or, once the endpoint's owner has confirmed it, its pin: --pin " +
		transport.PinOf(leaf).String()
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		format := func(t time.Time) string { return t.UTC().Format(day) }
		return &hinted{fmt.Errorf("%w: it was signed on %s, and its certificate is valid from %s to %s (this host's clock says %s)",
			ErrUntrusted, format(issued), format(leaf.NotBefore), format(leaf.NotAfter), format(now)),
			"check the endpoint's clock and certificate, and have the receipt made again"}
	case errors.As(err, &unknown):
		return &hinted{fmt.Errorf("%w: its certificate is signed by %.128q", ErrUntrusted, leaf.Issuer.String()), pin}
	case errors.As(err, &name):
		return &hinted{fmt.Errorf("%w: its certificate is not for %q", ErrUntrusted, name.Host),
			"name the endpoint as its certificate does (server_name)"}
	default:
		return &hinted{fmt.Errorf("%w: %w", ErrUntrusted, err), pin}
	}
}
