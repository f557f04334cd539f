package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// recheckCertificate is how long a certificate is shown before its file is looked at again.
const recheckCertificate = time.Minute

// A Certificate is the server certificate of a folder as it is on disk now: a file that was replaced is
// seen within a minute, and one that the folder's own authority signed is renewed in its last 30 days,
// with the same key, so that every pin goes on to hold. It is safe for concurrent use.
type Certificate struct {
	folder Folder
	log    *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	shown   *tls.Certificate
	leaf    *x509.Certificate
	file    fs.FileInfo // what shown was read from
	checked time.Time
}

// LoadCertificate reads the folder's server certificate and key. Errors: *ModeError, fs.ErrNotExist
// where the folder was never set up.
func LoadCertificate(folder Folder, log *slog.Logger, now func() time.Time) (*Certificate, error) {
	c := &Certificate{folder: folder, log: log, now: now}
	if err := checkPrivate(folder.serverKey()); err != nil {
		return nil, err
	}
	if err := c.load(); err != nil {
		return nil, err
	}
	if err := c.renew(); err != nil {
		c.log.Error("the server certificate could not be renewed", "file", folder.serverCert(), "error", err)
	}
	c.checked = now()
	return c, nil
}

// TLSConfig shows the certificate to whoever connects: TLS 1.2 at least.
func (c *Certificate) TLSConfig() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.get(), nil },
	}
}

// Pair is the certificate that is shown now, with its chain and key.
func (c *Certificate) Pair() tls.Certificate { return *c.get() }

// Leaf is the certificate that is shown now.
func (c *Certificate) Leaf() *x509.Certificate {
	c.get()
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leaf
}

// get never fails: a file that cannot be read leaves the certificate that was shown before.
func (c *Certificate) get() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if since := now.Sub(c.checked); since >= 0 && since < recheckCertificate {
		return c.shown
	}
	c.checked = now
	if info, err := os.Stat(c.folder.serverCert()); err != nil || changed(c.file, info) {
		if err := c.load(); err != nil {
			c.log.Error("the server certificate could not be read again; the one before is still shown", "error", err)
		} else {
			c.log.Info("the server certificate was read again", "not_after", c.leaf.NotAfter)
		}
	}
	if err := c.renew(); err != nil {
		c.log.Error("the server certificate could not be renewed", "file", c.folder.serverCert(), "error", err)
	}
	return c.shown
}

func (c *Certificate) load() error {
	info, err := os.Stat(c.folder.serverCert())
	if err != nil {
		return err
	}
	pair, err := tls.LoadX509KeyPair(c.folder.serverCert(), c.folder.serverKey())
	if err != nil {
		return fmt.Errorf("reading the server certificate %q: %w", c.folder.serverCert(), err)
	}
	c.shown, c.leaf, c.file = &pair, pair.Leaf, info
	return nil
}

// renew makes a new certificate for the key and the names of the old one where that is in its last
// days and the folder's own authority can sign. One from elsewhere is its owner's to renew.
func (c *Certificate) renew() error {
	left := c.leaf.NotAfter.Sub(c.now())
	if left > renewBefore {
		return nil
	}
	ca, err := readCert(c.folder.caCert())
	if errors.Is(err, fs.ErrNotExist) || err == nil && !issuedBy(c.leaf, ca) {
		c.log.Warn("the server certificate ends soon; it is not of this folder's authority, so replace it by hand",
			"file", c.folder.serverCert(), "not_after", c.leaf.NotAfter)
		return nil
	}
	if err != nil {
		return err
	}
	if err := writeServerCert(c.folder, hostsOf(c.leaf), c.now(), replace); err != nil {
		return err
	}
	if err := c.load(); err != nil {
		return err
	}
	c.log.Info("the server certificate was renewed with the same key", "not_after", c.leaf.NotAfter)
	return nil
}

// writeServerCert signs a certificate for the folder's server key and writes it with write.
func writeServerCert(f Folder, hosts []string, now time.Time, write func(string, []byte, fs.FileMode) error) error {
	key, err := readKey(f.serverKey())
	if err != nil {
		return err
	}
	ca, caKey, err := readAuthority(f)
	if err != nil {
		return fmt.Errorf("signing %q: %w", f.serverCert(), err)
	}
	data, err := newServerCert(key, ca, caKey, hosts, now)
	if err != nil {
		return fmt.Errorf("signing %q: %w", f.serverCert(), err)
	}
	if err := write(f.serverCert(), data, publicMode); err != nil {
		return fmt.Errorf("writing %q: %w", f.serverCert(), err)
	}
	return nil
}

// changed says whether a file is another one than it was.
func changed(was, is fs.FileInfo) bool {
	return !os.SameFile(was, is) || !was.ModTime().Equal(is.ModTime()) || was.Size() != is.Size()
}
