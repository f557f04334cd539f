package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strconv"
	"time"

	"virgo/collect"
	"virgo/collect/trust"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 5

type httpCheck struct {
	proxy func(address string) (string, error)
}

func httpType(proxy func(address string) (string, error)) collect.Type {
	return collect.Type{
		Name:    "remote.http",
		Summary: "a web page: response, timing, content, certificate",
		Details: slices.Concat([]collect.Detail{
			{Name: "url", Role: schedule.URL, Kind: detail.URL, Required: true, Summary: "http or https URL"},
			{Name: "method", Role: schedule.Other, Default: "GET", Summary: "GET, HEAD, POST, …"},
			{Name: "headers", Role: schedule.Headers, Kind: detail.Object, Summary: "object of headers to send"},
			{Name: "payload", Role: schedule.Other, Summary: "body to send"},
			{Name: "auth_user", Role: schedule.Other, Summary: "user name for basic or digest authentication"},
			{Name: "auth_password", Role: schedule.Secret, Summary: "the user's password"},
			{Name: "body", Role: schedule.Match, Kind: detail.Regexp, Summary: "regular expression for the body; its match becomes the metric body_match"},
			{Name: "body_matches", Role: schedule.Match, Kind: detail.Object,
				Summary: "object of regular expressions; their matches become the metrics body_match_KEY"},
			{Name: "follow_redirects", Role: schedule.Switch, Kind: detail.Boolean, Default: "true", Summary: "at most 5 redirects are followed"},
			{Name: "proxy", Role: schedule.Proxy, Summary: "agent (the agent's proxy) or a proxy's URL; none if absent"},
			{Name: "tls_verify", Role: schedule.Switch, Kind: detail.Boolean, Default: "true",
				Summary: "false: send the credentials even if the certificate is not trusted"},
		}, trust.Details("url"), targetDetails(false, "url")),
		KeyMetrics: []string{"code", "duration", "cert_end_in", "cert_error", "bytes"},
		Checker:    httpCheck{proxy},
	}
}

// Check sends the request, follows redirects, and reports the final response, whatever its code.
func (c httpCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	q, err := readHTTPRequest(req.Check, req.Guard)
	if err != nil {
		return collect.Report{}, err
	}
	start, now := time.Now(), req.Now()
	x, status, err := c.finalExchange(ctx, q, now)
	if err != nil {
		return collect.Report{}, err
	}
	defer x.close()
	response := x.response
	encoding := response.Header.Get("Content-Encoding")
	b, err := readBody(response.Body, response.ContentLength, encoding, len(q.matches) > 0)
	if err != nil {
		return collect.Report{}, describeError(ctx, "reading the body", err)
	}
	b.text = toUTF8(b.text, response.Header.Get("Content-Type"))
	var f collect.MetricBuilder
	f.Text("code", fmt.Sprintf("%03d", response.StatusCode))
	f.Add("bytes", collect.Int32, strconv.FormatInt(b.read, 10), "bytes")
	addUint32(&f, "truncated", b.truncated, "bytes")
	addMilliseconds(&f, "duration", time.Since(start))
	x.times.addResolved(&f)
	x.times.add(&f, "tt_connect", &x.times.connected)
	x.times.add(&f, "tt_ssl", &x.times.secured)
	x.times.add(&f, "tt_firstbyte", &x.times.read)
	if x.cert.leaf != nil {
		x.cert.add(&f, now)
	}
	if err := addMatches(ctx, &f, q.matches, b.text); err != nil {
		return collect.Report{}, describeError(ctx, "matching the body", err)
	}
	return collect.Report{Status: status, Metrics: f.Metrics}, nil
}

// finalExchange returns the exchange after login and redirects, and the status. Login, headers and
// payload are not sent to another origin. Cookies that a server sets go to that server again: many
// login pages and load balancers redirect until they see theirs.
func (c httpCheck) finalExchange(
	ctx context.Context, q httpRequest, now time.Time,
) (x *exchange, status string, err error) {
	cookies, err := cookiejar.New(nil) // for this check alone
	if err != nil {
		return nil, "", err
	}
	m := httpMessage{url: q.url, method: q.method, headers: q.headers, payload: q.payload}
	for redirects := 0; ; {
		m.cookies = cookies.Cookies(m.url)
		x, err = c.send(ctx, q, m, now)
		if err != nil {
			return nil, "", err
		}
		cookies.SetCookies(m.url, x.response.Cookies())
		if x.wantsLogin() && m.authorization == "" && !q.login.empty() && sameOrigin(q.url, m.url) {
			m.authorization, err = q.authorize(m, x)
			if err != nil {
				return x, loginNotSent(err.Error()).Error(), nil
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
		if m, err = m.redirect(q.url, to, code); err != nil {
			return nil, "", err
		}
	}
}

func loginNotSent(why string) error { return errors.New("the login is not sent: " + why) }

// wantsLogin reports whether the response asks for a login.
func (x *exchange) wantsLogin() bool {
	return x.response.StatusCode == http.StatusUnauthorized && x.response.Header.Get("Www-Authenticate") != ""
}

// authorize returns the header for a login, if the server's certificate is trusted.
func (q httpRequest) authorize(m httpMessage, x *exchange) (string, error) {
	if x.cert.fault != "" && !q.skipVerify {
		return "", errors.New(x.cert.fault)
	}
	return q.login.authorize(m, x.response.Header)
}

func isRedirect(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// redirect returns the message to send to the Location of a response (RFC 9110, 15.4). origin is
// the check's URL.
func (m httpMessage) redirect(origin *url.URL, location string, code int) (httpMessage, error) {
	to, err := m.url.Parse(location)
	switch {
	case err != nil || len(location) > schedule.MaxURLBytes || to.Hostname() == "":
		return m, errors.New("redirected to an invalid URL")
	case to.Scheme != "http" && to.Scheme != "https":
		return m, fmt.Errorf("redirected to a URL of %.16q, not of http or https", to.Scheme)
	}
	// A user and password in it would be the server's choice.
	to.User, to.Fragment, to.RawQuery = nil, "", escapeSpaces(to.RawQuery)
	next := httpMessage{url: to, method: m.method, headers: m.headers, payload: m.payload}
	if code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
		next.payload = ""
		if m.method != http.MethodHead {
			next.method = http.MethodGet
		}
	}
	if !sameOrigin(origin, to) {
		if next.payload != "" {
			return m, fmt.Errorf("redirected to %s, which does not get the payload", sanitize(to.Host, maxHostShown))
		}
		next.headers = nil
	}
	return next, nil
}
