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

// A CertError is returned when this host's own client certificate or its key cannot be used. It names
// the file and shows nothing of its content.
type CertError struct {
	// File is the one at fault.
	File string
	// Reason continues the sentence that begins with the file's name.
	Reason string
	// Err is the cause; may be nil.
	Err  error
	hint string
}

// Error gives the file and the reason.
func (e *CertError) Error() string { return fmt.Sprintf("%q %s", e.File, e.Reason) }

// Hint gives the next step; empty where none is known.
func (e *CertError) Hint() string { return e.hint }

// Unwrap gives the cause.
func (e *CertError) Unwrap() error { return e.Err }

// clientCertificate reads what c names; nil where it names none.
func (c TLSConfig) clientCertificate() (*tls.Certificate, error) {
	keyFile := c.ClientKey
	if c.ClientCert == "" {
		if keyFile != "" {
			return nil, &CertError{File: keyFile, Reason: "is a client key without a client certificate", hint: "name the certificate's file as well"}
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

// readCert reads a file of PEM, and a secret one only where nobody else can.
func readCert(path, what string, secret bool) ([]byte, error) {
	info, err := os.Stat(path) // first, for opening a pipe waits for ever
	if err != nil {
		return nil, &CertError{File: path, Reason: "cannot be read: " + bare(err).Error(), Err: err, hint: what + " is to be there"}
	}
	if !info.Mode().IsRegular() {
		return nil, &CertError{File: path, Reason: "is no file"}
	}
	if secret {
		if err := ownersAlone(path, info.Mode()); err != nil {
			return nil, err
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, &CertError{File: path, Reason: "cannot be read: " + bare(err).Error(), Err: err}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCertBytes+1))
	if err != nil {
		return nil, &CertError{File: path, Reason: "cannot be read: " + bare(err).Error(), Err: err}
	}
	if len(b) > maxCertBytes {
		return nil, &CertError{File: path, Reason: fmt.Sprintf("has more than %d bytes", maxCertBytes)}
	}
	return b, nil
}

// bare leaves out the file's name, which is said already.
func bare(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// explainPair says which of the two files is at fault.
func explainPair(certFile, keyFile string, cert, key []byte, err error) error {
	has := func(b []byte, what string) bool { return bytes.Contains(b, []byte("-----BEGIN "+what)) }
	switch {
	case !has(cert, "CERTIFICATE-----"):
		return &CertError{File: certFile, Reason: "holds no PEM certificate", Err: err}
	case has(key, "ENCRYPTED PRIVATE KEY") || bytes.Contains(key, []byte("Proc-Type: 4,ENCRYPTED")):
		return &CertError{
			File: keyFile, Reason: "holds a key that is encrypted, and no run can ask for its password", Err: err,
			hint: "decrypt it (openssl pkey -in FILE -out NEW) and keep it readable for its owner alone",
		}
	case !bytes.Contains(key, []byte("PRIVATE KEY-----")):
		return &CertError{File: keyFile, Reason: "holds no PEM private key", Err: err, hint: "name the key's file beside the certificate's, or put both into one"}
	case strings.Contains(err.Error(), "does not match"):
		return &CertError{File: keyFile, Reason: fmt.Sprintf("is not the key of the certificate in %q", certFile), Err: err}
	}
	return &CertError{File: certFile, Reason: fmt.Sprintf("and %q are no certificate and key: %s", keyFile, strings.TrimPrefix(err.Error(), "tls: ")), Err: err}
}
