package remote

import (
	"crypto/tls"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpguts"

	"virgo/collect"
	"virgo/collect/trust"
	"virgo/schedule"
	"virgo/schedule/policy"
)

const (
	maxHeaders     = 64       // that a check sends
	maxHeaderBytes = 64 << 10 // of a response
)

// An httpRequest is what the details of a remote.http check describe.
type httpRequest struct {
	url     *url.URL // without user and password
	method  string
	headers []keyValue
	payload string
	login   login
	matches []pattern
	follow  bool
	proxy   string
	// connectTo is the host to connect to instead of the URL's; empty: the URL's.
	connectTo string
	only      family
	// trust has the trusted authorities, and the server name and client certificate for the URL's
	// host.
	trust *tls.Config
	// skipVerify sends the login to a server with any certificate.
	skipVerify bool
	// guard decides on each URL, and on each address.
	guard *policy.Guard
}

// A login is a user name and a password; none where both are empty.
type login struct{ user, password string }

func (l login) empty() bool { return l == login{} }

// readHTTPRequest reads the details. Errors name the detail and never quote url, headers,
// auth_user, auth_password, payload or proxy.
func readHTTPRequest(check schedule.Check, g *policy.Guard) (httpRequest, error) {
	q := httpRequest{guard: g}
	d := check.Details
	for _, read := range []func() error{
		func() (err error) { q.url, q.login, err = readURL(d); return },
		func() (err error) { q.method, err = readMethod(d); return },
		func() (err error) { q.headers, err = readHeaders(d); return },
		func() (err error) { q.payload, err = collect.OptionalText(d, "payload"); return },
		func() error { return q.readLogin(d) },
		func() (err error) { q.matches, err = textPattern(d, "body", "body_match"); return },
		func() error {
			more, err := patternsByKey(d, "body_matches", "body_match_")
			q.matches = append(q.matches, more...)
			return err
		},
		func() (err error) { q.follow, err = d.Bool("follow_redirects", true); return },
		func() (err error) { q.proxy, err = readProxy(d); return },
		func() (err error) { q.only, err = targetFamily(d); return },
		func() error { return q.readTarget(check) },
		func() (err error) { q.trust, err = trust.Read(d, q.url.Hostname(), g); return },
		func() error {
			verify, err := d.Bool("tls_verify", true)
			q.skipVerify = !verify
			return err
		},
	} {
		if err := read(); err != nil {
			return q, err
		}
	}
	return q, nil
}

// readURL returns the URL, and the user and password in it separately.
func readURL(d schedule.Details) (*url.URL, login, error) {
	text, err := collect.RequiredText(d, "url")
	if err != nil {
		return nil, login{}, err
	}
	u, err := schedule.ParseURL("url", text)
	if err != nil {
		return nil, login{}, err
	}
	host, err := asciiHost("url", u.Hostname())
	if err != nil {
		return nil, login{}, err
	}
	u.Host = hostPort(host, u.Port())
	var l login
	if u.User != nil {
		l.user = u.User.Username()
		l.password, _ = u.User.Password()
		u.User = nil
	}
	u.Fragment, u.RawQuery = "", escapeSpaces(u.RawQuery)
	return u, l, nil
}

// escapeSpaces escapes the spaces in a query, which would split the request line.
func escapeSpaces(query string) string { return strings.ReplaceAll(query, " ", "%20") }

// hostPort returns a URL's host, with brackets around an IPv6 address. The port may be empty.
func hostPort(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port == "" {
		return host
	}
	return host + ":" + port
}

func readMethod(d schedule.Details) (string, error) {
	text, err := collect.OptionalText(d, "method")
	if text == "" || err != nil {
		return "GET", err
	}
	method := strings.ToUpper(text)
	// CONNECT is for proxies and has no URL.
	if !httpguts.ValidHeaderFieldName(method) || len(method) > 32 || method == "CONNECT" {
		return "", wrongDetail("method", text, "a method such as GET, HEAD or POST")
	}
	return method, nil
}

func readHeaders(d schedule.Details) ([]keyValue, error) {
	headers, err := textObject(d, "headers")
	if err != nil {
		return nil, err
	}
	if len(headers) > maxHeaders {
		return nil, fmt.Errorf("detail %q has %d headers, more than %d", "headers", len(headers), maxHeaders)
	}
	for _, h := range headers {
		if !httpguts.ValidHeaderFieldName(h.key) {
			// Not quoted: a mistaken "Name: value" may contain a secret.
			return nil, fmt.Errorf("detail %q has an invalid header name", "headers")
		}
		if !httpguts.ValidHeaderFieldValue(h.value) {
			return nil, fmt.Errorf("detail %q has an invalid value for %.64q", "headers", h.key)
		}
		if strings.EqualFold(h.key, "Host") && !httpguts.ValidHostHeader(h.value) {
			return nil, wrongDetail("headers", "Host", "a header with a host's name")
		}
	}
	return headers, nil
}

// readLogin reads auth_user and auth_password, which override those in the URL.
func (q *httpRequest) readLogin(d schedule.Details) error {
	user, err := collect.OptionalText(d, "auth_user")
	if err != nil {
		return err
	}
	password, err := collect.OptionalText(d, "auth_password")
	if err != nil {
		return err
	}
	if user != "" || password != "" {
		q.login = login{user, password}
	}
	return nil
}

// trustFor returns the TLS configuration for a URL. Another origin than the check's gets no client
// certificate and is verified by its own name.
func (q httpRequest) trustFor(to *url.URL) *tls.Config {
	if sameOrigin(q.url, to) {
		return q.trust
	}
	return &tls.Config{ServerName: to.Hostname(), RootCAs: q.trust.RootCAs}
}

// readTarget reads the host to connect to: the target, or an alias that is an IP address.
func (q *httpRequest) readTarget(check schedule.Check) error {
	if _, err := netip.ParseAddr(check.TargetAlias); err != nil {
		check.TargetAlias = ""
	}
	host, err := target(check)
	if err == nil && host != "" && q.proxy != "" {
		err = fmt.Errorf("detail %q cannot be used with a proxy, which resolves the host itself", "target")
	}
	q.connectTo = host
	return err
}
