package folder

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"

	"virgo/transport/receipt"
)

// recheckCertificate is how long a certificate is used before its file is checked again.
const recheckCertificate = time.Minute

// tellAgain is how often the log says that a certificate ends soon.
const tellAgain = 24 * time.Hour

// A Certificate is the current server certificate of a folder. A replaced file is read within a minute.
// A certificate that the folder's own authority signed is renewed in its last 30 days, with the same
// key, so that pins stay valid. What ends soon and is not renewed, of the authority and of clients too, is
// logged at the start and once a day. It is safe for concurrent use.
type Certificate struct {
	dir Dir
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	shown   *tls.Certificate
	leaf    *x509.Certificate
	file    fs.FileInfo // what shown was read from
	checked time.Time
	told    time.Time // when problems were logged
}

// LoadCertificate reads the folder's server certificate and key. Errors: *ModeError, and fs.ErrNotExist
// if the folder was never set up.
func LoadCertificate(dir Dir, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{dir: dir, log: log, now: now}
	if err := checkPrivate(dir.serverKey()); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		return nil, err
	}
	c.maintain(now())
	c.checked = now()
	return c, nil
}

// TLSConfig returns the configuration of a TLS server (1.2 or later) with the current certificate.
func (c *Certificate) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(), nil },
	}
}

// SignReceipt sets r.Endpoint to the endpoint's name and signs the receipt with the key of the current
// certificate.
func (c *Certificate) SignReceipt(r receipt.Receipt) ([]byte, error) {
	pair := c.get()
	r.Endpoint = endpointName(pair.Leaf)
	return receipt.Sign(r, *pair)
}

// Host returns the name by which other hosts most likely reach the endpoint.
func (c *Certificate) Host() string { return endpointName(c.Leaf()) }

// endpointName returns an endpoint's name for people: the first name of its certificate that is
// meaningful on other hosts too.
func endpointName(cert *x509.Certificate) string {
	hosts := hostsOf(cert)
	for _, h := range hosts {
		if ip := net.ParseIP(h); h != "localhost" && !ip.IsLoopback() {
			return h
		}
	}
	if len(hosts) > 0 {
		return hosts[0]
	}
	return "endpoint"
}

// Leaf returns the current certificate.
func (c *Certificate) Leaf() *x509.Certificate {
	c.get()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaf
}

// get returns the current certificate. If the file cannot be read, it is the last one that could.
func (c *Certificate) get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if since := now.Sub(c.checked); since >= 0 && since < recheckCertificate {
		return c.shown
	}
	c.checked = now
	if info, err := os.Stat(c.dir.serverCert()); err != nil || changed(c.file, info) {
		if err := c.load(); err != nil {
			c.log.Error("the server certificate could not be read again; the one before is still shown",
				"error", err)
		} else {
			c.log.Info("the server certificate was read again", "not_after", c.leaf.NotAfter)
		}
	}
	c.maintain(now)
	return c.shown
}

// maintain renews the certificate if that is due, and logs once a day what ends soon.
func (c *Certificate) maintain(now time.Time) {
	err := c.renew()
	if since := now.Sub(c.told); since >= 0 && since < tellAgain {
		return
	}
	c.told = now
	if err != nil {
		c.log.Error("the server certificate could not be renewed", "file", c.dir.serverCert(), "error", err)
	}
	for _, p := range CertificateProblems(c.dir, now) {
		c.log.Warn(p.What, "hint", p.Next)
	}
}

func (c *Certificate) load() error {
	info, err := os.Stat(c.dir.serverCert())
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.dir.serverCert(), c.dir.serverKey())
	if err != nil {
		return fmt.Errorf("reading the server certificate %q: %w", c.dir.serverCert(), err)
	}
	c.shown, c.leaf, c.file = &pair, pair.Leaf, info
	return nil
}

// renew makes a new certificate for the key and the names of the old one if that is in its last 30 days
// and the folder's own authority signed it. Any other certificate must be renewed by its owner.
func (c *Certificate) renew() error {
	if c.leaf.NotAfter.Sub(c.now()) > renewBefore {
		return nil
	}
	if _, err := RenewServer(c.dir, nil, c.now()); errors.Is(err, ErrForeign) {
		return nil // maintain says so
	} else if err != nil {
		return err
	}
	if err := c.load(); err != nil {
		return err
	}
	c.log.Info("the server certificate was renewed with the same key", "not_after", c.leaf.NotAfter)
	return nil
}

// writeServerCert signs a certificate for the folder's server key and writes it with write.
func writeServerCert(dir Dir, hosts []string, now time.Time, write func(string, []byte, fs.FileMode) error) error {
	path := dir.serverCert()
	key, err := readKey(dir.serverKey())
	if err != nil {
		return err
	}
	ca, err := readAuthority(dir)
	if err != nil {
		return fmt.Errorf("signing %q: %w", path, err)
	}
	data, err := ca.serverCert(key, hosts, now)
	if err != nil {
		return fmt.Errorf("signing %q: %w", path, err)
	}
	if err := write(path, data, publicMode); err != nil {
		return fmt.Errorf("writing %q: %w", path, err)
	}
	return nil
}
