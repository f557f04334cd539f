package endpoint

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// ErrBadClientName is returned when a client's name cannot be a file's.
var ErrBadClientName = errors.New("bad client name")

// RequireClients makes a server's TLS let in only who shows a certificate that an authority of caFile
// (PEM) signed for clients; it is checked in sessions that are resumed too. The file is read now.
func RequireClients(cfg *tls.Config, caFile string) error {
	data, err := os.ReadFile(caFile)
	if err != nil {
		return fmt.Errorf("reading the clients' authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return fmt.Errorf("reading the clients' authorities %q: %w", caFile, errNoCertificates)
	}
	cfg.ClientAuth, cfg.ClientCAs = tls.RequireAndVerifyClientCert, pool
	return nil
}

var errNoCertificates = errors.New("no certificate in it")

// A ClientFiles is where a client's certificate and key lie.
type ClientFiles struct {
	Name, Cert, Key string
	// Made says that they were made now; they were there otherwise.
	Made bool
}

// MakeClient makes a certificate for a client of that name, signed by the folder's own authority, and its
// key, as clients/NAME.pem and clients/NAME-key.pem. What is there is never touched. Errors:
// ErrBadClientName, and fs.ErrNotExist where the folder was never set up.
func MakeClient(folder Folder, name string, now time.Time) (ClientFiles, error) {
	c := ClientFiles{
		Name: name,
		Cert: filepath.Join(folder.clientsDir(), name+".pem"),
		Key:  filepath.Join(folder.clientsDir(), name+"-key.pem"),
	}
	if !plainName(name) || len(name) > maxClientName {
		return c, fmt.Errorf("%w: %q is not 1 to %d letters, digits, hyphens, underscores and dots", ErrBadClientName, shown(name), maxClientName)
	}
	if err := os.MkdirAll(folder.clientsDir(), folderMode); err != nil {
		return c, fmt.Errorf("making the client %q: %w", name, err)
	}
	if exists(c.Cert) {
		return c, nil
	}
	if err := makeClient(folder, c, now); err != nil {
		return c, fmt.Errorf("making the client %q: %w", name, err)
	}
	c.Made = true
	return c, nil
}

// maxClientName is the length of a common name (RFC 5280, ub-common-name).
const maxClientName = 64

// makeClient writes the key first: one whose certificate is missing is used by the next call.
func makeClient(folder Folder, c ClientFiles, now time.Time) error {
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
	ca, caKey, err := readAuthority(folder)
	if err != nil {
		return err
	}
	cert, err := newClientCert(key, ca, caKey, c.Name, now)
	if err != nil {
		return err
	}
	return writeNew(c.Cert, cert, publicMode)
}

// clientOf names the certificate that a client showed, for the log; empty where it showed none.
func clientOf(certs []*x509.Certificate) string {
	if len(certs) == 0 {
		return ""
	}
	c := certs[0]
	switch {
	case c.Subject.CommonName != "":
		return shown(c.Subject.CommonName)
	case len(c.DNSNames) > 0:
		return shown(c.DNSNames[0])
	}
	return "serial " + shown(c.SerialNumber.String())
}
