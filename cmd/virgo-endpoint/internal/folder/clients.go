package folder

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"virgo/schedule/shorttext"
)

// maxClientName is the length of a common name (RFC 5280, ub-common-name).
const maxClientName = 64

// ErrBadClientName is returned when a client's name cannot be a file's.
var ErrBadClientName = errors.New("invalid client name")

var errNoCertificates = errors.New("no certificate in it")

// RequireClients changes cfg so that a server accepts only clients with a certificate for clients that
// an authority in caFile (PEM) signed. Resumed sessions are checked too. The file is read once.
func RequireClients(cfg *tls.Config, caFile string) error {
	data, err := os.ReadFile(caFile)
	if err != nil {
		return fmt.Errorf("reading the clients' authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(bytes.TrimPrefix(data, []byte("\ufeff"))) {
		return fmt.Errorf("reading the clients' authorities %q: %w", caFile, errNoCertificates)
	}
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, pool
	return nil
}

// ClientFiles are a client's certificate and key.
type ClientFiles struct {
	// Name of the client; Cert and Key are paths.
	Name, Cert, Key string
	// Made is true if they were made now, false if they existed before.
	Made bool
}

// MakeClient makes a certificate for a client of that name, signed by the folder's own authority, and
// its key, as clients/NAME.pem and clients/NAME-key.pem. It never changes an existing file. Errors:
// ErrBadClientName, and fs.ErrNotExist if the folder was never set up.
func MakeClient(dir Dir, name string, now time.Time) (ClientFiles, error) {
	c := ClientFiles{
		Name: name,
		Cert: filepath.Join(dir.clientsDir(), name+".pem"),
		Key:  filepath.Join(dir.clientsDir(), name+"-key.pem"),
	}
	if !plainName(name) || len(name) > maxClientName {
		return c, fmt.Errorf("%w: %q is not 1 to %d letters, digits, hyphens, underscores and dots",
			ErrBadClientName, shorttext.Shorten(name, maxClientName), maxClientName)
	}
	if err := os.MkdirAll(dir.clientsDir(), folderMode); err != nil {
		return c, fmt.Errorf("creating the client certificate %q: %w", name, err)
	}
	if exists(c.Cert) {
		return c, nil
	}
	if err := makeClient(dir, c, now); err != nil {
		return c, fmt.Errorf("creating the client certificate %q: %w", name, err)
	}
	c.Made = true
	return c, nil
}

// makeClient writes the key first. If its certificate is missing, the next call uses that key.
func makeClient(dir Dir, c ClientFiles, now time.Time) error {
	_, data, err := newKey()
	if err != nil {
		return err
	}
	if err := writeNew(c.Key, data, keyMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	key, err := readKey(c.Key)
	if err != nil {
		return err
	}
	ca, err := readAuthority(dir)
	if err != nil {
		return err
	}
	cert, err := ca.clientCert(key, c.Name, now)
	if err != nil {
		return err
	}
	return writeNew(c.Cert, cert, publicMode)
}
