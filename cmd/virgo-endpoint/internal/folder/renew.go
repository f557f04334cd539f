package folder

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// ErrForeign is returned when a certificate is to be renewed that the folder's authority did not sign.
var ErrForeign = errors.New("the server certificate is not of this folder's authority")

// RenewServer replaces the server certificate by one for the same key, so that pins stay valid, and for hosts;
// for those of the old one if there are none. A server that runs reads it within a minute. Errors:
// ErrForeign, ErrBadHost, fs.ErrNotExist if the folder was never set up.
func RenewServer(dir Dir, hosts []string, now time.Time) (*x509.Certificate, error) {
	for _, h := range hosts {
		if err := CheckHost(h); err != nil {
			return nil, err
		}
	}
	old, err := readCert(dir.serverCert())
	if err != nil {
		return nil, err
	}
	ca, err := readCert(dir.caCert())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !issuedBy(old, ca) {
		return nil, fmt.Errorf("%w: %q", ErrForeign, dir.serverCert())
	}
	if err != nil {
		return nil, err
	}
	if err := checkPrivate(dir.serverKey()); err != nil {
		return nil, err
	}
	if len(hosts) == 0 {
		hosts = hostsOf(old)
	}
	if err := writeServerCert(dir, hosts, now, WriteFile); err != nil {
		return nil, err
	}
	return readCert(dir.serverCert())
}

// RenewCA replaces the authority's certificate by one for the same key and name: what it signed is valid with
// either. Hosts that trust ca.pem need the new one before the old one ends.
func RenewCA(dir Dir, now time.Time) (*x509.Certificate, error) {
	a, err := readAuthority(dir)
	if err != nil {
		return nil, err
	}
	data, err := newCA(a.key, now)
	if err != nil {
		return nil, err
	}
	if err := WriteFile(dir.caCert(), data, publicMode); err != nil {
		return nil, fmt.Errorf("writing %q: %w", dir.caCert(), err)
	}
	return readCert(dir.caCert())
}
