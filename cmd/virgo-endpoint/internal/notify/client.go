package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// maxAnswerHeaderBytes bounds what a server may answer with before its body.
const maxAnswerHeaderBytes = 64 << 10

// NewClient returns an HTTP client for requests to where people are told: it follows no redirect, since that would
// take what it sends to somebody else, and keeps one connection a host. roots are whom certificates are trusted by; nil:
// the system's.
func NewClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			TLSClientConfig:        &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    1,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: maxAnswerHeaderBytes,
		},
	}
}

// SafeError returns an error of a request without its URL, which may be a secret.
func SafeError(err error) error {
	var quoting *url.Error
	for errors.As(err, &quoting) {
		if err = quoting.Err; err == nil {
			return errors.New("the request failed")
		}
		quoting = nil
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}
