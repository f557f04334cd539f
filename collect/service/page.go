package service

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

// A page is the address of a web server's page and the login: the details that the checks of web
// servers share.
type page struct {
	url    *url.URL
	server // where to connect to, and the login
	header http.Header
}

// pageDetails describes the details that readPage reads; url is the default address, or "".
func pageDetails(url string) []collect.Detail {
	return append([]collect.Detail{
		{Name: "url", Role: schedule.URL, Kind: detail.PageURL, Required: url == "", Default: url,
			Summary: "URL of the page; http://unix:/SOCKET:/PATH for a Unix socket"},
		{Name: "socket", Role: schedule.Socket, Kind: detail.Path, Summary: "path of the Unix socket to connect to, instead of the URL's host"},
		{Name: "username", Role: schedule.Other, Summary: "user to log in as, if the URL has none"},
		{Name: "password", Role: schedule.Secret, Summary: "password to log in with, if the URL has none"},
		{Name: "timeout", Role: schedule.Free, Kind: detail.Milliseconds, Summary: "time limit in milliseconds"},
	}, tlsDetails("url")...)
}

// checkPage returns a check of a page that read parses; url is the default address.
func checkPage(url string, read func(body []byte) (collect.Report, error)) collect.CheckerFunc {
	return func(ctx context.Context, req collect.Request) (collect.Report, error) {
		if err := ctx.Err(); err != nil {
			return collect.Report{}, err
		}
		p, err := readPage(req.Check.Details, url, req.Guard)
		if err != nil {
			return collect.Report{}, err
		}
		return p.report(ctx, read)
	}
}

// readPage reads the details of a page; address is the default. Errors: *[schedule.DetailError],
// and those of reading files.
func readPage(d schedule.Details, address string, g *policy.Guard) (page, error) {
	if err := collect.ValidateDetails(pageDetails(address), d); err != nil {
		return page{}, err
	}
	p := page{header: make(http.Header)}
	p.guard = g
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
	if p.url, err = schedule.ParseURL("url", address); err != nil {
		return page{}, err
	}
	if user := p.url.User; user != nil {
		p.username = user.Username()
		p.password, _ = user.Password()
		p.url.User = nil
	}
	if p.timeout, err = readTimeout(d); err != nil {
		return page{}, err
	}
	p.host = p.url.Hostname()
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
		p.tls, err = readTLS(d, p.url.Hostname(), g)
	}
	return p, err
}

// displayURL returns the page's address for messages, without the query, which may contain a
// secret.
func (p page) displayURL() string {
	if p.network == "unix" {
		return p.address + ":" + p.url.EscapedPath()
	}
	return p.url.Scheme + "://" + p.url.Host + p.url.EscapedPath()
}

// report fetches the page and parses it with read. Its errors are statuses ([describeError]).
func (p page) report(
	ctx context.Context, read func(body []byte) (collect.Report, error),
) (collect.Report, error) {
	ctx, cancel := withTimeLimit(ctx, p.timeout)
	defer cancel()
	secrets := []string{p.password}
	for _, values := range p.header {
		secrets = append(secrets, values...)
	}
	body, err := p.fetch(ctx)
	if err != nil {
		return collect.Report{}, describeError(ctx, p.address, err, secrets...)
	}
	report, err := read(body)
	if err != nil {
		return collect.Report{}, describeError(ctx, p.displayURL(), err, secrets...)
	}
	return report, nil
}
