package transport

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxCertBytes bounds a certificate's or a key's file.
const maxCertBytes = 1 << 20

// A CertError is returned when a file of certificates, or this host's client key, cannot be used. It
// names the file and shows nothing of its content.
type CertError struct {
	// File that cannot be used.
	File string
	// Reason follows the file's name in the message.
	Reason string
	// Err is the cause; may be nil.
	Err  error
	hint string
}

// Error returns the file and the reason.
func (e *CertError) Error() string { return fmt.Sprintf("%q %s", e.File, e.Reason) }

// Hint returns the next step; empty where none is known.
func (e *CertError) Hint() string { return e.hint }

// Unwrap returns the cause.
func (e *CertError) Unwrap() error { return e.Err }

// clientCertificate reads what c names; nil where it names none.
func (c TLSConfig) clientCertificate() (*tls.Certificate, error) {
	keyFile := c.ClientKey
	if c.ClientCert == "" {
		if keyFile != "" {
			return nil, &CertError{
				File: keyFile, Reason: "is a client key without a client certificate",
				hint: "set the certificate's file as well",
			}
		}
		return nil, nil
	}
	if keyFile == "" {
		keyFile = c.ClientCert
	}
	key, err := readCert(keyFile, "the client certificate's key", true)
	if err != nil {
		return nil, err
	}
	cert := key
	if keyFile != c.ClientCert {
		if cert, err = readCert(c.ClientCert, "the client certificate", false); err != nil {
			return nil, err
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, explainPair(c.ClientCert, keyFile, cert, key, err)
	}
	return &pair, nil
}

// readCert reads a PEM file; a secret one must be accessible to its owner only.
func readCert(path, what string, secret bool) ([]byte, error) {
	info, err := os.Stat(path) // before opening it, because to open a pipe blocks
	if err != nil {
		e := unreadable(path, err)
		e.hint = what + " must be in that file"
		return nil, e
	}
	if !info.Mode().IsRegular() {
		return nil, &CertError{File: path, Reason: "is not a regular file"}
	}
	if secret {
		if err := checkKeyMode(path, info.Mode()); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCertBytes+1))
	if err != nil {
		return nil, unreadable(path, err)
	}
	if len(b) > maxCertBytes {
		return nil, &CertError{File: path, Reason: fmt.Sprintf("has more than %d bytes", maxCertBytes)}
	}
	return bytes.TrimPrefix(b, []byte("\ufeff")), nil
}

// unreadable returns the reason without the file's name, which the message has already.
func unreadable(file string, err error) *CertError {
	reason := err
	var path *os.PathError
	if errors.As(err, &path) {
		reason = path.Err
	}
	return &CertError{File: file, Reason: "cannot be read: " + reason.Error(), Err: err}
}

// explainPair returns an error that names the wrong file, or both if that is unclear.
func explainPair(certFile, keyFile string, cert, key []byte, err error) error {
	has := func(b []byte, what string) bool { return bytes.Contains(b, []byte("-----BEGIN "+what)) }
	switch {
	case !has(cert, "CERTIFICATE-----"):
		return &CertError{File: certFile, Reason: "has no PEM certificate", Err: err}
	case has(key, "ENCRYPTED PRIVATE KEY") || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED")):
		return &CertError{
			File: keyFile, Reason: "has an encrypted key, and a run cannot ask for its password", Err: err,
			hint: "decrypt it (openssl pkey -in FILE -out NEW) and keep it accessible to its owner only",
		}
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		return &CertError{
			File: keyFile, Reason: "has no PEM private key", Err: err,
			hint: "set the key's file as well, or put both into one file",
		}
	case strings.Contains(err.Error(), "does not match"):
		return &CertError{File: keyFile, Reason: fmt.Sprintf("is not the key of the certificate in %q", certFile), Err: err}
	}
	reason := fmt.Sprintf("and %q are not a certificate and its key: %s", keyFile, strings.TrimPrefix(err.Error(), "tls: "))
	return &CertError{File: certFile, Reason: reason, Err: err}
}
