package service

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"virgo/collect"
	"virgo/schedule"
)

const (
	// maxPageBytes bounds a page; what a server sends past it is an error.
	maxPageBytes = 1 << 20
	// maxHeaderBytes bounds what comes before it.
	maxHeaderBytes = 64 << 10
)

// A page is where a web server's page is and how the check is let in: the details that the checks of web
// servers share.
type page struct {
	url    *url.URL
	server // network and address to connect to; who to log in as
	header http.Header
}

// pageDetails describes the details that readPage reads; url is the default, "" where there is none.
func pageDetails(url string) []collect.Detail {
	address := collect.Detail{Name: "url", Summary: "the page's address; http://unix:/SOCKET:/PATH behind a Unix socket", Required: url == ""}
	if url != "" {
		address.Summary += " (" + url + ")"
	}
	return append([]collect.Detail{
		address,
		{Name: "socket", Summary: "path of the Unix socket to connect to, in place of the address's host"},
		{Name: "username", Summary: "who to log in as, where the address does not say"},
		{Name: "password", Summary: "password to log in with, where the address does not say"},
		{Name: "timeout", Summary: "time limit in milliseconds"},
	}, tlsDetails()...)
}

// checkPage is a check of a page that read understands; url is the default.
func checkPage(ctx context.Context, req collect.Request, url string, read func(body []byte) (collect.Report, error)) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	p, err := readPage(req.Check.Details, url)
	if err != nil {
		return collect.Report{}, err
	}
	return p.report(ctx, read)
}

// readPage reads the details that say where a page is. Errors: *[schedule.DetailError], and those of reading the
// files with certificates.
func readPage(d schedule.Details, address string) (page, error) {
	p := page{header: make(http.Header)}
	var given, socket string
	err := readTexts(d, map[string]*string{
		"url": &given, "socket": &socket, "username": &p.username, "password": &p.password,
	})
	if err != nil {
		return page{}, err
	}
	if given != "" {
		address = given
	}
	if rest, ok := strings.CutPrefix(address, "http://unix:"); ok {
		path := "/"
		socket = rest
		if at := strings.Index(rest, ":/"); at >= 0 {
			socket, path = rest[:at], rest[at+1:]
		}
		address = "http://localhost" + path
	}
	p.url, err = url.Parse(address)
	if err != nil || (p.url.Scheme != "http" && p.url.Scheme != "https") || p.url.Hostname() == "" {
		// The value is left out: it may hold a password.
		return page{}, errors.New(`detail "url" is not the address of a page, http://HOST/PATH`)
	}
	if user := p.url.User; user != nil {
		p.username = user.Username()
		p.password, _ = user.Password()
		p.url.User = nil
	}
	if p.timeout, err = readTimeout(d); err != nil {
		return page{}, err
	}
	p.network, p.address = "tcp", p.url.Host
	if port := p.url.Port(); port == "" && p.url.Scheme == "https" {
		p.address = net.JoinHostPort(p.url.Hostname(), "443")
	} else if port == "" {
		p.address = net.JoinHostPort(p.url.Hostname(), "80")
	}
	if socket != "" {
		p.network, p.address = "unix", socket
	}
	if p.url.Scheme == "https" {
		p.tls, err = readTLS(d, p.url.Hostname())
	}
	return p, err
}

// name is the page's address for a sentence: without the query, which may hold a key.
func (p page) name() string {
	if p.network == "unix" {
		return p.address + ":" + p.url.EscapedPath()
	}
	return p.url.Scheme + "://" + p.url.Host + p.url.EscapedPath()
}

// report fetches the page and reads it. Errors are sentences ([fault]).
func (p page) report(ctx context.Context, read func(body []byte) (collect.Report, error)) (collect.Report, error) {
	ctx, cancel := limit(ctx, p.timeout)
	defer cancel()
	secrets := []string{p.password}
	for _, values := range p.header {
		secrets = append(secrets, values...)
	}
	body, err := p.fetch(ctx)
	if err != nil {
		return collect.Report{}, fault(ctx, p.address, err, secrets...)
	}
	report, err := read(body)
	if err != nil {
		return collect.Report{}, fault(ctx, p.name(), err, secrets...)
	}
	return report, nil
}

// fetch asks for the page over a connection of its own: no proxy, no redirect, nothing kept.
func (p page) fetch(ctx context.Context) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header = p.header.Clone()
	req.Header.Set("User-Agent", "virgo")
	if host := req.Header.Get("Host"); host != "" {
		req.Host = host
	}
	if p.username != "" || p.password != "" {
		req.SetBasicAuth(p.username, p.password)
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, p.network, p.address)
		},
		TLSClientConfig:        p.tls,
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		TLSHandshakeTimeout:    time.Minute, // the context's end comes first
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, httpFault(err)
	}
	defer resp.Body.Close()
	if err := p.refusal(resp); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxPageBytes+1))
	if err != nil {
		return nil, httpFault(err)
	}
	if len(body) > maxPageBytes {
		return nil, &tooLongError{maxPageBytes}
	}
	return body, nil
}

// refusal is the sentence for an answer without the page.
func (p page) refusal(resp *http.Response) error {
	switch {
	case resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusUnauthorized:
		return unauthenticated(p.server, nil)
	}
	text := fmt.Sprintf("HTTP status %d from %s", resp.StatusCode, p.name())
	if reason := http.StatusText(resp.StatusCode); reason != "" {
		text = fmt.Sprintf("HTTP status %d (%s) from %s", resp.StatusCode, reason, p.name())
	}
	if where, err := resp.Location(); err == nil {
		where.RawQuery, where.Fragment = "", ""
		text += ", which names " + where.Redacted() + " instead"
	}
	return &faultError{text, nil}
}

// httpFault gives errors that net/http has only as texts the types that fault knows.
func httpFault(err error) error {
	switch text := err.Error(); {
	case errors.Is(err, http.ErrSchemeMismatch):
		return tls.RecordHeaderError{Msg: text}
	case strings.Contains(text, "malformed HTTP"), strings.Contains(text, "malformed MIME header"),
		strings.Contains(text, "malformed chunked encoding"):
		return &garbageError{protocol: "HTTP"}
	case strings.Contains(text, "response headers exceeded"), strings.Contains(text, "header line too long"):
		return &tooLongError{maxHeaderBytes}
	}
	return err
}
