package service

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"virgo/collect"
	"virgo/schedule"
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

// checkPage makes a check of a page that read understands; url is the default.
func checkPage(url string, read func(body []byte) (collect.Report, error)) collect.CheckerFunc {
	return func(ctx context.Context, req collect.Request) (collect.Report, error) {
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		p, err := readPage(req.Check.Details, url)
		if err != nil {
			return collect.Report{}, err
		}
		return p.report(ctx, read)
	}
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
		if socket == "" {
			address = ""
		}
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
