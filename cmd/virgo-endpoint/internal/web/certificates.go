package web

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/crypto/acme"
	"golang.org/x/crypto/acme/autocert"
)

// certificateAge is how long a certificate's file is used before it is looked at again.
const certificateAge = 10 * time.Second

// A FileCertificate is the certificate in two files. It is read again when they change.
type FileCertificate struct {
	cert, key string
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	pair   *tls.Certificate
	stamp  string
	looked time.Time
}

// LoadCertificate reads a certificate and its key.
func LoadCertificate(cert, key string, log *slog.Logger, now func() time.Time) (*FileCertificate, error) {
	f := &FileCertificate{cert: cert, key: key, log: log, now: now}
	if err := f.read(); err != nil {
		return nil, err
	}
	return f, nil
}

// read reads the files if they changed. The last good pair stays if they cannot be used.
func (f *FileCertificate) read() error {
	f.looked = f.now()
	stamp := ""
	for _, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		stamp += fmt.Sprint(info.Size(), info.ModTime().UnixNano(), " ")
	}
	if stamp == f.stamp {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return fmt.Errorf("reading the certificate %q with the key %q: %w", f.cert, f.key, err)
	}
	f.stamp, f.pair = stamp, &pair
	return nil
}

// TLS returns a configuration for a listener.
func (f *FileCertificate) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.now().Sub(f.looked) >= certificateAge {
				if err := f.read(); err != nil {
					f.log.Error("the page's certificate cannot be read anew; the one before stays", "error", err)
				}
			}
			return f.pair, nil
		}}
}

// An ACME gets certificates for public names from an authority that speaks ACME, and renews them.
type ACME struct {
	manager autocert.Manager
	log     *slog.Logger
	now     func() time.Time

	mu     sync.Mutex
	failed string
	told   time.Time
}

// toldEvery is the shortest time between two lines in the log about a certificate that cannot be had.
const toldEvery = time.Minute

// NewACME returns an ACME for names. Its account and certificates are kept in folder. directory is that of the authority;
// empty for Let's Encrypt.
func NewACME(names []string, folder, directory string, log *slog.Logger, now func() time.Time) *ACME {
	a := &ACME{log: log, now: now}
	a.manager = autocert.Manager{Prompt: autocert.AcceptTOS, Cache: autocert.DirCache(folder), HostPolicy: autocert.HostWhitelist(names...)}
	if directory != "" {
		a.manager.Client = &acme.Client{DirectoryURL: directory}
	}
	return a
}

// TLS returns a configuration for a listener on the port 443, which the authority connects to.
func (a *ACME) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1", acme.ALPNProto},
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, err := a.manager.GetCertificate(hello)
			if a.manager.HostPolicy(context.Background(), hello.ServerName) == nil {
				a.note(err)
			} // scanners ask for other names, which is no failure of ours
			return pair, err
		}}
}

// note remembers what is wrong, and logs it now and then: a browser asks several times a second.
func (a *ACME) note(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = ""
	if err == nil {
		return
	}
	a.failed = err.Error()
	if now := a.now(); now.Sub(a.told) >= toldEvery {
		a.told = now
		a.log.Error("no certificate for the page", "error", err, "hint", "the authority must reach port 443 of the page, or --web-acme-http on port 80")
	}
}

// Problems returns what is wrong at present.
func (a *ACME) Problems() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.failed == "" {
		return nil
	}
	return []string{"no certificate for the page: " + a.failed}
}

// Challenges answers the authority on port 80, and leads everybody else to https.
func (a *ACME) Challenges() http.Handler { return a.manager.HTTPHandler(nil) }
