package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/net/http/httpguts"
)

const unixURL = "http://unix:"

// A request is what a script sends, and after a redirect sends again.
type request struct {
	method, body   string
	url            *url.URL
	socket         string // of a URL for a Unix socket
	header         http.Header
	user, password string
	moved          bool // to another host than the script named
}

// methods are those that a script may send.
func methods() []string {
	return []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
}

// newRequest reads a request. A mistake in it is the script's.
func newRequest(l *lua.LState, o options, method, address, body string) *request {
	r := &request{
		method: method, body: body, header: make(http.Header),
		user: o.text("user", ""), password: o.text("password", ""),
	}
	if !slices.Contains(methods(), method) {
		l.ArgError(o.arg, fmt.Sprintf("unknown method %.40q; there are %s", method, strings.Join(methods(), ", ")))
	}
	var err error
	if r.url, r.socket, err = parseURL(address); err != nil {
		l.ArgError(1, err.Error())
	}
	if user := r.url.User; user != nil { // the guard decides on a URL without
		r.user = user.Username()
		r.password, _ = user.Password()
		r.url.User = nil
	}
	bytes := 0
	o.pairs("headers", func(name, value string) {
		if !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value) {
			l.ArgError(o.arg, fmt.Sprintf("header %.40q: not allowed in HTTP", name))
		}
		if isOurs(name) {
			l.ArgError(o.arg, fmt.Sprintf("header %s: not for a script to set", name))
		}
		bytes += len(name) + len(value)
		r.header.Set(name, value)
	})
	if bytes > maxHeaderBytes {
		l.ArgError(o.arg, fmt.Sprintf("headers of more than %d bytes", maxHeaderBytes))
	}
	return r
}

// isOurs reports whether a header says where a request goes or ends: what the guard decided on
// must be what is sent.
func isOurs(name string) bool {
	name = http.CanonicalHeaderKey(name)
	switch name {
	case "Host", "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive",
		"Upgrade", "Te", "Trailer", "Expect", "Forwarded":
		return true
	}
	return strings.HasPrefix(name, "Proxy-") || strings.HasPrefix(name, "X-Forwarded-")
}

// parseURL returns a URL, and the path of the socket where it is for one.
func parseURL(address string) (u *url.URL, socket string, err error) {
	if len(address) > maxURLBytes {
		return nil, "", fmt.Errorf("a URL of more than %d bytes", maxURLBytes)
	}
	if rest, ok := strings.CutPrefix(address, unixURL); ok {
		path, request, _ := strings.Cut(rest, ":")
		if path == "" {
			return nil, "", fmt.Errorf("want %s/path/of/socket:/path", unixURL)
		}
		u, err := url.Parse("http://localhost/" + strings.TrimPrefix(request, "/"))
		if err != nil {
			return nil, "", fmt.Errorf("not a URL: %.80q", address)
		}
		return u, path, nil
	}
	u, err = url.Parse(address)
	if err != nil {
		return nil, "", fmt.Errorf("not a URL: it has %s", wrongPart(err))
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.Opaque != "" {
		return nil, "", fmt.Errorf("want a URL of http or https, or %s/path/of/socket:/path", unixURL)
	}
	u.Fragment, u.RawFragment = "", ""
	return u, "", nil
}

// wrongPart says what is wrong with a URL without repeating it: it may hold a password.
func wrongPart(err error) string {
	switch text := err.Error(); {
	case strings.Contains(text, "port"):
		return "a wrong port"
	case strings.Contains(text, "control character"):
		return "a control character"
	case strings.Contains(text, "escape"):
		return "a wrong % escape"
	}
	return "a wrong part"
}

// place names where a request goes: no more of a URL than that is shown.
func (r *request) place() string {
	if r.socket != "" {
		return r.method + " " + unixURL + r.socket
	}
	return r.method + " " + r.url.Scheme + "://" + r.url.Host
}

// build makes the request that is sent.
func (r *request) build(ctx context.Context) (*http.Request, error) {
	out, err := http.NewRequestWithContext(ctx, r.method, r.url.String(), strings.NewReader(r.body))
	if err != nil {
		return nil, err
	}
	out.Header = r.header.Clone()
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "virgo")
	}
	if r.user != "" || r.password != "" {
		out.SetBasicAuth(r.user, r.password)
	}
	return out, nil
}

// redirected returns the request that an answer asks for. ok is false for an answer that is no redirect.
func (r *request) redirected(status int, location string) (next *request, ok bool, err error) {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, false, nil
	}
	if location == "" || r.socket != "" { // a socket has nowhere else to send to
		return nil, false, nil
	}
	to, err := r.url.Parse(location)
	if err != nil || len(location) > maxURLBytes {
		return nil, true, fmt.Errorf("a redirect to what is no URL")
	}
	address, socket, err := parseURL(to.String())
	if err != nil || socket != "" {
		return nil, true, fmt.Errorf("a redirect to what is no URL of http or https")
	}
	n := *r
	n.url = address
	n.url.User = nil
	keeps := status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect
	if !keeps && r.method != "HEAD" && r.method != "GET" {
		n.method, n.body = "GET", ""
	}
	if sameOrigin(r.url, n.url) {
		return &n, true, nil
	}
	if n.body != "" || n.method != "GET" && n.method != "HEAD" {
		return nil, true, fmt.Errorf("a redirect of %s to another host, %s", r.method, n.url.Host)
	}
	n.header, n.user, n.password, n.moved = make(http.Header), "", "", true
	for _, name := range []string{"Accept", "Accept-Language", "User-Agent"} {
		if v := r.header.Get(name); v != "" {
			n.header.Set(name, v)
		}
	}
	return &n, true, nil
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host) }
