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
)

const (
	maxURLBytes    = 8 << 10
	maxHeaders     = 64       // that a check sends
	maxHeaderBytes = 64 << 10 // of an answer
)

// A question is what the details of a remote.http check ask for.
type question struct {
	url     *url.URL // without user and password
	method  string
	headers []member
	payload string
	login   login
	matches []pattern
	follow  bool
	proxy   string
	// instead is where to connect to instead of the URL's host; empty: the URL's.
	instead string
	only    family
	// trust is whom the check trusts and what it shows the URL's host by TLS.
	trust *tls.Config
	// anybody gets the login, whatever the certificate.
	anybody bool
}

// A login is a user's name and password; nobody's where both are empty.
type login struct{ user, password string }

func (l login) empty() bool { return l == login{} }

// ask reads the details. Errors name the detail and never quote url, headers, auth_user, auth_password, payload or proxy.
func ask(check schedule.Check) (question, error) {
	var q question
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
		func() (err error) { q.trust, err = trust.Read(d, q.url.Hostname()); return },
		func() error {
			verify, err := d.Bool("tls_verify", true)
			q.anybody = !verify
			return err
		},
	} {
		if err := read(); err != nil {
			return q, err
		}
	}
	return q, nil
}

// readURL parts the URL from the user and password in it.
func readURL(d schedule.Details) (*url.URL, login, error) {
	text, err := collect.RequiredText(d, "url")
	if err != nil {
		return nil, login{}, err
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || len(text) > maxURLBytes || u.Hostname() == "":
		return nil, login{}, fmt.Errorf("detail %q is not a URL such as https://www.example.com/path", "url")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, login{}, wrongDetail("url", u.Scheme+":", "a URL of http or https")
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
	u.Fragment, u.RawQuery = "", spaceless(u.RawQuery)
	return u, l, nil
}

// spaceless is a query that can stand in the first line of a request, which spaces part.
func spaceless(query string) string { return strings.ReplaceAll(query, " ", "%20") }

// hostPort is a URL's host: the port may be missing, and an IPv6 address stands in brackets.
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
	// CONNECT asks a proxy for a tunnel and has no URL.
	if !httpguts.ValidHeaderFieldName(method) || len(method) > 32 || method == "CONNECT" {
		return "", wrongDetail("method", text, "a method such as GET, HEAD or POST")
	}
	return method, nil
}

func readHeaders(d schedule.Details) ([]member, error) {
	headers, err := textObject(d, "headers")
	if err != nil {
		return nil, err
	}
	if len(headers) > maxHeaders {
		return nil, fmt.Errorf("detail %q has %d headers, more than %d", "headers", len(headers), maxHeaders)
	}
	for _, h := range headers {
		if !httpguts.ValidHeaderFieldName(h.key) {
			// Whoever took "Name: value" for a name wrote a secret there.
			return nil, fmt.Errorf("detail %q has a name that no header can have", "headers")
		}
		if !httpguts.ValidHeaderFieldValue(h.value) {
			return nil, fmt.Errorf("detail %q has a value for %.64q that no header can have", "headers", h.key)
		}
		if strings.EqualFold(h.key, "Host") && !httpguts.ValidHostHeader(h.value) {
			return nil, wrongDetail("headers", "Host", "a header with a host's name")
		}
	}
	return headers, nil
}

// readLogin puts auth_user and auth_password before those of the URL.
func (q *question) readLogin(d schedule.Details) error {
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

// trustFor is the trust for what is sent to a URL: another origin than the check's is shown no certificate and must be
// who it says.
func (q question) trustFor(to *url.URL) *tls.Config {
	if sameOrigin(q.url, to) {
		return q.trust
	}
	return &tls.Config{ServerName: to.Hostname(), RootCAs: q.trust.RootCAs}
}

// readTarget takes the target, or an alias that is an address, as the place to connect to.
func (q *question) readTarget(check schedule.Check) error {
	if _, err := netip.ParseAddr(check.TargetAlias); err != nil {
		check.TargetAlias = ""
	}
	host, err := target(check)
	if err == nil && host != "" && q.proxy != "" {
		err = fmt.Errorf("detail %q does not go with a proxy, which finds the host itself", "target")
	}
	q.instead = host
	return err
}
