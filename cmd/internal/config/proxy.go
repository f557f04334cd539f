package config

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"virgo/transport"
)

// A Proxy is the URL of a proxy, "none", or not set (the zero value). No format prints the user or
// the password: as in a [Secret], the URL is behind a pointer.
type Proxy struct {
	url *string
	// From is the environment variable that set it, such as HTTPS_PROXY; empty if a setting of
	// virgo did.
	From string
}

// proxyNone is the setting that disables the proxy, whatever the environment contains.
const proxyNone = "none"

func newProxy(url, from string) Proxy {
	if url = strings.TrimSpace(url); url == "" {
		return Proxy{}
	}
	if strings.EqualFold(url, proxyNone) || strings.EqualFold(url, "direct") {
		url = proxyNone
	}
	return Proxy{&url, from}
}

// reference returns the setting as it was written, which may be "none".
func (p Proxy) reference() string {
	if p.url == nil {
		return ""
	}
	return *p.url
}

// URL returns the URL, including a password; empty if no proxy is to be used.
func (p Proxy) URL() string {
	if u := p.reference(); u != proxyNone {
		return u
	}
	return ""
}

// hasLogin reports whether the URL contains a user, and so perhaps a password.
func (p Proxy) hasLogin() bool { return strings.Contains(p.reference(), "@") }

// String returns the URL without user and password, "none", or an empty string.
func (p Proxy) String() string {
	u := p.URL()
	if u == "" {
		return p.reference()
	}
	parsed, err := transport.ParseProxy(u)
	if err != nil {
		return redacted
	}
	return parsed.String()
}

// GoString returns the same text as String.
func (p Proxy) GoString() string { return p.String() }

// Format prints the same text as String for every verb.
func (p Proxy) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// MarshalText returns the same text as String, for JSON.
func (p Proxy) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// SetProxy sets the URL of the proxy, or "none".
func (c *Config) SetProxy(url string) { c.Proxy = newProxy(url, "") }

// UseCommonProxy applies HTTPS_PROXY and NO_PROXY, unless settings of virgo override them or there
// is no endpoint. Other programs use these variables too, so a mistake in them is not an error
// here; the session that uses the proxy reports it. Load calls UseCommonProxy.
func (c *Config) UseCommonProxy() {
	if len(c.Endpoints) == 0 {
		return
	}
	if c.Proxy.url == nil {
		name, value := c.firstSet("HTTPS_PROXY", "https_proxy")
		c.Proxy = newProxy(value, name)
	}
	if c.NoProxy == nil && c.Proxy.URL() != "" {
		_, value := c.firstSet("NO_PROXY", "no_proxy")
		c.NoProxy = splitList(value)
	}
}

// firstSet returns the first variable that is set, and its value.
func (c *Config) firstSet(names ...string) (name, value string) {
	for _, name = range names {
		if value = strings.TrimSpace(c.getenv(name)); value != "" {
			return name, value
		}
	}
	return "", ""
}

func checkProxy(p Proxy) error {
	u := p.URL()
	switch {
	case u == "":
		return nil
	case len(u) > maxPathBytes:
		return fmt.Errorf("longer than %d bytes", maxPathBytes)
	}
	if _, err := transport.ParseProxy(u); err != nil {
		out := &Error{Err: err, Next: "for example http://proxy.example.com:3128, or none"}
		var h interface{ Hint() string }
		if errors.As(err, &h) && h.Hint() != "" {
			out.Next = h.Hint()
		}
		return out
	}
	return nil
}

// maxNoProxy bounds the entries of no_proxy.
const maxNoProxy = 256

func checkNoProxy(all []string) error {
	if len(all) > maxNoProxy {
		return fmt.Errorf("%d hosts, more than %d", len(all), maxNoProxy)
	}
	for _, s := range all {
		if err := checkName(s); err != nil {
			return err
		}
		if strings.ContainsAny(s, ", \t") {
			return fmt.Errorf("%.64q is not a single host", s)
		}
	}
	return nil
}
