package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/collect/trust"
)

// maxRedirects are followed.
const maxRedirects = 5

type httpCheck struct {
	proxy func(address string) (string, error)
}

func httpType(proxy func(address string) (string, error)) collect.Type {
	return collect.Type{
		Name:    "remote.http",
		Summary: "a web page: its answer, how long it took, what it says, its certificate",
		Details: slices.Concat([]collect.Detail{
			{Name: "url", Summary: "http or https URL", Required: true},
			{Name: "method", Summary: "GET, HEAD, POST, …; default GET"},
			{Name: "headers", Summary: "object of headers to send"},
			{Name: "payload", Summary: "body to send"},
			{Name: "auth_user", Summary: "user, for a server that asks for basic or digest authentication"},
			{Name: "auth_password", Summary: "the user's password"},
			{Name: "body", Summary: "regular expression; what it matches in the body is body_match"},
			{Name: "body_matches", Summary: "object of regular expressions; KEY becomes body_match_KEY"},
			{Name: "follow_redirects", Summary: "true (default) or false; at most 5 are followed"},
			{Name: "proxy", Summary: "agent (the agent's own proxy) or a proxy's URL; default none"},
			{Name: "tls_verify", Summary: "false: log in whatever the server's certificate (true)"},
		}, trust.Details(), targetDetails(false)),
		Telling: []string{"code", "duration", "cert_end_in", "cert_error", "bytes"},
		Checker: httpCheck{proxy},
	}
}

// Check makes the request, follows where it is sent, and reports the last answer, whatever its code.
func (c httpCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	q, err := ask(req.Check)
	if err != nil {
		return collect.Report{}, err
	}
	start, now := time.Now(), req.Now()
	x, status, err := c.last(ctx, q, now)
	if err != nil {
		return collect.Report{}, err
	}
	defer x.close()
	b, err := readBody(x.response.Body, x.response.ContentLength, x.response.Header.Get("Content-Encoding"), len(q.matches) > 0)
	if err != nil {
		return collect.Report{}, failure(ctx, "reading the body", err)
	}
	var f collect.Figures
	f.Text("code", fmt.Sprintf("%03d", x.response.StatusCode))
	f.Add("bytes", collect.Int32, strconv.FormatInt(b.read, 10), "bytes")
	number(&f, "truncated", b.truncated, "bytes")
	milliseconds(&f, "duration", time.Since(start))
	x.times.addResolved(&f)
	x.times.add(&f, "tt_connect", &x.times.connected)
	x.times.add(&f, "tt_ssl", &x.times.secured)
	x.times.add(&f, "tt_firstbyte", &x.times.read)
	if x.shown.leaf != nil {
		x.shown.add(&f, now)
	}
	if err := addMatches(ctx, &f, q.matches, b.text); err != nil {
		return collect.Report{}, failure(ctx, "matching the body", err)
	}
	return collect.Report{Status: status, Metrics: f.Metrics}, nil
}

// last is the exchange whose answer counts, after logging in and following redirects, and what there is to say of it.
// Nothing of login, headers and payload goes to another origin.
func (c httpCheck) last(ctx context.Context, q question, now time.Time) (x *exchange, status string, err error) {
	m := message{url: q.url, method: q.method, headers: q.headers, payload: q.payload}
	for redirects := 0; ; {
		x, err = c.send(ctx, q, m, now)
		if err != nil {
			return nil, "", err
		}
		if x.asks() && m.authorization == "" && !q.login.empty() && sameOrigin(q.url, m.url) {
			m.authorization, err = q.answer(m, x)
			if err != nil {
				return x, notSent(err.Error()).Error(), nil
			}
			x.close()
			continue
		}
		to := x.response.Header.Get("Location")
		if !q.follow || to == "" || !isRedirect(x.response.StatusCode) {
			return x, "", nil
		}
		code := x.response.StatusCode
		x.close()
		if redirects++; redirects > maxRedirects {
			return nil, "", fmt.Errorf("gave up after %d redirects", maxRedirects)
		}
		if m, err = m.redirected(q.url, to, code); err != nil {
			return nil, "", err
		}
	}
}

func notSent(why string) error { return errors.New("the login is not sent: " + why) }

// asks says whether the answer asks for a login.
func (x *exchange) asks() bool {
	return x.response.StatusCode == http.StatusUnauthorized && x.response.Header.Get("Www-Authenticate") != ""
}

// answer is the header that logs in, for a server that is who it says.
func (q question) answer(m message, x *exchange) (string, error) {
	if x.shown.fault != "" && !q.anybody {
		return "", errors.New(x.shown.fault)
	}
	return q.login.answer(m, x.response.Header)
}

func isRedirect(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirected is the message for where an answer sends one that was made for origin (RFC 9110, 15.4).
func (m message) redirected(origin *url.URL, location string, code int) (message, error) {
	to, err := m.url.Parse(location)
	switch {
	case err != nil || len(location) > maxURLBytes || to.Hostname() == "":
		return m, errors.New("redirected to what is not a URL")
	case to.Scheme != "http" && to.Scheme != "https":
		return m, fmt.Errorf("redirected to a URL of %.16q, not of http or https", to.Scheme)
	}
	// User and password in it would be the server's choice.
	to.User, to.Fragment, to.RawQuery = nil, "", spaceless(to.RawQuery)
	next := message{url: to, method: m.method, headers: m.headers, payload: m.payload}
	if code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
		next.payload = ""
		if m.method != http.MethodHead {
			next.method = http.MethodGet
		}
	}
	if !sameOrigin(origin, to) {
		if next.payload != "" {
			return m, fmt.Errorf("redirected to %s, which does not get the payload", cut(to.Host, maxPlaceBytes))
		}
		next.headers = nil
	}
	return next, nil
}
